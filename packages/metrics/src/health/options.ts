import {
  callable,
  type Clock,
  duration,
  InvalidOptionError,
  methods,
  object,
  oneOf,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';

import type { CheckContext, CheckResult, HealthCheck } from './check.ts';

export interface HealthOptions {
  /** Shown in statistics. Defaults to `'health'`. */
  readonly name?: string | undefined;

  readonly checks: readonly HealthCheck[];

  /** Of the service; shown in the report. */
  readonly version?: string | undefined;

  /** Of the service; shown in the report. */
  readonly serviceId?: string | undefined;

  /** Of the service; shown in the report. */
  readonly description?: string | undefined;

  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;

  /** Numbers from 0 to 1, 1 excluded, that spread the checks out. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export interface ResolvedCheck {
  readonly name: string;
  readonly kind: 'liveness' | 'readiness' | 'info';
  readonly critical: boolean;
  /** Whether its failure makes the process unready. */
  readonly gating: boolean;
  readonly check: (context: CheckContext) => CheckResult | void | PromiseLike<CheckResult | void>;
  readonly componentType: string | undefined;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
  readonly staleAfterMs: number;
}

export interface ResolvedHealthOptions {
  readonly name: string;
  readonly checks: readonly ResolvedCheck[];
  readonly about: { readonly version?: string; readonly serviceId?: string; readonly description?: string };
  readonly clock: Clock;
  readonly random: () => number;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: HealthOptions): ResolvedHealthOptions {
  object('options', options);
  const { version, serviceId, description } = options;
  if (!Array.isArray(options.checks))
    throw new InvalidOptionError('checks', 'an array of checks', options.checks);
  const checks = options.checks.map(resolveCheck);
  if (new Set(checks.map(({ name }) => name)).size < checks.length) {
    throw new InvalidOptionError('checks', 'checks with different names', options.checks);
  }
  return {
    name: text('name', options.name ?? 'health'),
    checks,
    about: {
      ...(version === undefined ? {} : { version }),
      ...(serviceId === undefined ? {} : { serviceId }),
      ...(description === undefined ? {} : { description }),
    },
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
    // oxlint-disable-next-line no-restricted-properties -- the default of the option, named here and called nowhere
    random: callable('random', options.random ?? Math.random),
  };
}

function resolveCheck(check: HealthCheck, index: number): ResolvedCheck {
  const path = `checks[${index}]`;
  object(path, check);
  const kind = oneOf(`${path}.kind`, check.kind ?? 'readiness', ['liveness', 'readiness', 'info']);
  const critical = check.critical ?? false;
  const alone = check.shared !== true || check.failReadinessOnShared === true;
  const held = methods(path, check, 'check');
  const intervalMs = duration(`${path}.intervalMs`, check.intervalMs ?? 10_000, 1);
  return {
    name: text(`${path}.name`, check.name),
    kind,
    critical,
    gating: kind === 'readiness' && critical && alone,
    check: (context) => held.check(context),
    componentType: check.componentType,
    timeoutMs: duration(`${path}.timeoutMs`, check.timeoutMs ?? 2_000, 1),
    intervalMs,
    failureThreshold: wholeNumber(`${path}.failureThreshold`, check.failureThreshold ?? 3, 1),
    successThreshold: wholeNumber(`${path}.successThreshold`, check.successThreshold ?? 1, 1),
    staleAfterMs: duration(`${path}.staleAfterMs`, check.staleAfterMs ?? 3 * intervalMs, 1),
  };
}
