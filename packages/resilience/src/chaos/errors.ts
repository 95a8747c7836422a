import { HoldfastError } from '@holdfast/core';

/** A failure that was made on purpose. */
export class InjectedFaultError extends HoldfastError {
  override readonly name = 'InjectedFaultError';
  readonly code = 'ERR_INJECTED_FAULT';
  /** The `name` option of the chaos. */
  readonly policy: string;

  constructor(policy: string) {
    super(`${policy} made this call fail`);
    this.policy = policy;
  }
}

/** Chaos was to be made in production, and nobody said that this is meant. */
export class ChaosInProductionError extends HoldfastError {
  override readonly name = 'ChaosInProductionError';
  readonly code = 'ERR_CHAOS_IN_PRODUCTION';
  /** The `name` option of the chaos. */
  readonly policy: string;

  constructor(policy: string) {
    super(`${policy} makes no chaos where NODE_ENV is production, unless allowInProduction is true`);
    this.policy = policy;
  }
}
