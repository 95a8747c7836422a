import { callable, type Clock, duration, InvalidOptionError, object, ratio, text } from '@holdfast/core';

import { clockOf } from '../limits.ts';
import { ChaosInProductionError } from './errors.ts';

/** How often something is injected: a share of the calls from 0 to 1, or what decides it for each call. */
export type ChaosRate = number | (() => number);

export interface ChaosOptions {
  /** Shown in errors and events. Defaults to `'chaos'`. */
  readonly name?: string | undefined;
  /** Makes calls fail before the operation runs. `error` makes the error; defaults to an {@link InjectedFaultError}. */
  readonly fault?: { readonly rate: ChaosRate; readonly error?: (() => unknown) | undefined } | undefined;
  /** Makes calls wait before the operation runs: `delayMs` milliseconds, at least 0. */
  readonly latency?: { readonly rate: ChaosRate; readonly delayMs: number } | undefined;
  /** Answers calls in the operation's place. */
  readonly outcome?: { readonly rate: ChaosRate; readonly value: () => unknown } | undefined;
  /** Asked at each call, so that an experiment can be stopped. Defaults to `true`. */
  readonly enabled?: boolean | (() => boolean) | undefined;
  /** Must be `true` where `NODE_ENV` is `production`. Defaults to `false`. */
  readonly allowInProduction?: boolean | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
  /** Numbers from 0 to 1 that are compared with the rates. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** The options of a {@link Chaos}, with every default filled in. */
export interface ResolvedChaosOptions {
  readonly name: string;
  readonly fault: { readonly rate: () => number; readonly error: (() => unknown) | undefined } | undefined;
  readonly latency: { readonly rate: () => number; readonly delayMs: number } | undefined;
  readonly outcome: { readonly rate: () => number; readonly value: () => unknown } | undefined;
  readonly enabled: () => boolean;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * @throws {InvalidOptionError} naming the first option out of range.
 * @throws {ChaosInProductionError} in production, unless told that this is meant.
 */
export function resolveChaosOptions(options: ChaosOptions): ResolvedChaosOptions {
  object('options', options);
  const { fault, latency, outcome, enabled = true } = options;
  const name = text('name', options.name ?? 'chaos');
  if (options.allowInProduction !== true && isProduction()) throw new ChaosInProductionError(name);
  return {
    name,
    fault: fault === undefined ? undefined : faultOf(object('fault', fault)),
    latency: latency === undefined ? undefined : latencyOf(object('latency', latency)),
    outcome: outcome === undefined ? undefined : outcomeOf(object('outcome', outcome)),
    enabled: enabledOf(enabled),
    clock: clockOf(options.clock),
    random: callable('random', options.random ?? Math.random),
  };
}

function faultOf({ rate, error }: NonNullable<ChaosOptions['fault']>): ResolvedChaosOptions['fault'] {
  return {
    rate: rateOf('fault.rate', rate),
    error: error === undefined ? undefined : callable('fault.error', error),
  };
}

function latencyOf({ rate, delayMs }: NonNullable<ChaosOptions['latency']>): ResolvedChaosOptions['latency'] {
  return { rate: rateOf('latency.rate', rate), delayMs: duration('latency.delayMs', delayMs) };
}

function outcomeOf({ rate, value }: NonNullable<ChaosOptions['outcome']>): ResolvedChaosOptions['outcome'] {
  return { rate: rateOf('outcome.rate', rate), value: callable('outcome.value', value) };
}

function rateOf(option: string, rate: ChaosRate): () => number {
  if (typeof rate === 'function') return rate;
  ratio(option, rate);
  return () => rate;
}

function enabledOf(enabled: boolean | (() => boolean)): () => boolean {
  if (typeof enabled === 'function') return enabled;
  if (typeof enabled !== 'boolean')
    throw new InvalidOptionError('enabled', 'a boolean or a function', enabled);
  return () => enabled;
}

/** Also where there is no `process`, as in a browser. */
function isProduction(): boolean {
  const { process } = globalThis as { readonly process?: Pick<NodeJS.Process, 'env'> };
  return process?.env['NODE_ENV'] === 'production';
}
