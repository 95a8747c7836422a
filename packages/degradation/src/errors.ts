import { HoldfastError } from '@holdfast/core';
import type { CallCriticality } from './admission.ts';
import type { Level } from './levels.ts';

/** The service has no room for calls of this kind now, so the operation never started. Answers HTTP 503. */
export class ShedError extends HoldfastError {
  override readonly name = 'ShedError';
  readonly code = 'ERR_SHED';
  /** The HTTP status that says the same. */
  readonly status = 503;
  /** The name of the degradation that refused. */
  readonly policy: string;
  readonly criticality: CallCriticality;
  readonly level: Level;

  constructor(details: {
    readonly policy: string;
    readonly criticality: CallCriticality;
    readonly level: Level;
    readonly retryAfterMs: number;
  }) {
    const { policy, criticality, level, retryAfterMs } = details;
    super(`${policy} refused a ${criticality} call in level ${level}`, { retryAfterMs });
    this.policy = policy;
    this.criticality = criticality;
    this.level = level;
  }
}
