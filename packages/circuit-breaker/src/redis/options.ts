import { callable, type Clock, duration, methods, systemClock, text, wholeNumber } from '@holdfast/core';

export interface FleetHintsOptions {
  /** First part of every key; the breaker's name is the second. Defaults to `'holdfast:circuit-breaker'`. */
  readonly prefix?: string | undefined;
  /** Tells this process from the others of the fleet. Defaults to a random one. */
  readonly node?: string | undefined;
  /** Time between exchanges with the fleet, in milliseconds, spread by a tenth; at least 10. Defaults to 1,000. */
  readonly syncMs?: number | undefined;
  /** Longest wait for an answer, in milliseconds, at least 1; no call ever waits for it. Defaults to 500. */
  readonly timeoutMs?: number | undefined;
  /** How long what a node told stays good, in milliseconds, at least `syncMs`. Defaults to 20,000. */
  readonly goodForMs?: number | undefined;
  /** Fewest open circuits in the fleet that make the others suspicious, at least 2; never less than half. Defaults to 2. */
  readonly quorum?: number | undefined;
  /** Trial calls under way in the whole fleet, at least 1. Defaults to 1. */
  readonly probes?: number | undefined;
  /** How long a circuit that has closed is not made suspicious, in milliseconds. Defaults to 10,000. */
  readonly calmMs?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
  /** Numbers from 0 to 1 that spread the exchanges. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export type ResolvedFleetHintsOptions = {
  readonly [Option in keyof FleetHintsOptions]-?: NonNullable<FleetHintsOptions[Option]>;
};

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function resolveHintsOptions(options: FleetHintsOptions): ResolvedFleetHintsOptions {
  const syncMs = duration('syncMs', options.syncMs ?? 1_000, 10);
  return {
    prefix: text('prefix', options.prefix ?? 'holdfast:circuit-breaker'),
    node: text('node', options.node ?? crypto.randomUUID()),
    syncMs,
    timeoutMs: duration('timeoutMs', options.timeoutMs ?? 500, 1),
    goodForMs: duration('goodForMs', options.goodForMs ?? Math.max(20_000, syncMs), syncMs),
    quorum: wholeNumber('quorum', options.quorum ?? 2, 2),
    probes: wholeNumber('probes', options.probes ?? 1, 1),
    calmMs: duration('calmMs', options.calmMs ?? 10_000),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
    random: callable('random', options.random ?? Math.random),
  };
}
