import { atLeast, type Clock, methods, systemClock, text } from '@holdfast/core';
import type { Signal } from '../signal.ts';
import { type CpuGroup, cpuGroups, type CpuTime } from './cgroup/cpu-groups.ts';

export interface CpuQuotaOptions {
  /** Share of the quota that counts as 1; over 0. Defaults to 1. */
  readonly full?: number | undefined;
  /** Where `proc` and `sys` are. Defaults to `/`. */
  readonly rootDirectory?: string | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** One object for all readings: an error for each would cost more than the reading. */
const withoutQuota = new Error('no control group of this process has a CPU quota');

/**
 * The CPU time that the process's control group wanted since the last sample, as a share of its quota: what it used, and what it
 * was kept from using. Reads version 1 and 2. Off, which is told once, where there is no quota.
 */
export function cpuQuota(options: CpuQuotaOptions = {}): Signal {
  const full = atLeast('full', options.full ?? 1, 0.01);
  const clock = methods('clock', options.clock ?? systemClock, 'now');
  const rootDirectory = text('rootDirectory', options.rootDirectory ?? '/');
  const meters = cpuGroups(rootDirectory).map((group) => new QuotaMeter(group, clock));
  return {
    name: 'cpuQuota',
    kind: 'utilization',
    read: () => {
      const wanted = Math.max(...meters.map((meter) => meter.read()));
      if (wanted === -Infinity) throw withoutQuota;
      return wanted / full;
    },
  };
}

/** Reads one group from sample to sample. */
class QuotaMeter {
  readonly #group: CpuGroup;
  readonly #clock: Pick<Clock, 'now'>;
  #last: CpuTime | undefined;
  #lastAt: number;

  constructor(group: CpuGroup, clock: Pick<Clock, 'now'>) {
    this.#group = group;
    this.#clock = clock;
    this.#lastAt = clock.now();
  }

  /** Share of the quota that was wanted; 0 at first, `-Infinity` without a quota. */
  read(): number {
    const cpus = this.#group.cpus();
    const [time, now] = [this.#group.time(), this.#clock.now()];
    const [last, elapsedMs] = [this.#last ?? time, now - this.#lastAt];
    this.#last = time;
    this.#lastAt = now;
    if (cpus === Infinity) return -Infinity;
    if (elapsedMs <= 0) return 0;
    return (time.usedMs - last.usedMs + time.throttledMs - last.throttledMs) / (elapsedMs * cpus);
  }
}
