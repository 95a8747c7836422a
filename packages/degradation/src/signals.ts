import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import {
  atLeast,
  type Clock,
  duration,
  methods,
  oneOf,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';
import { LoopDelaySampler } from './loop-delay-sampler.ts';
import type { Signal, SignalKind } from './signal.ts';

export interface EventLoopDelayOptions {
  /** Delay that counts as none, in milliseconds. Defaults to 10. */
  readonly calmMs?: number | undefined;
  /** Delay that counts as 1, in milliseconds; over `calmMs`. Defaults to 100. */
  readonly fullMs?: number | undefined;
  /** Milliseconds between measurements; at least 1. Defaults to 20. */
  readonly resolutionMs?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/**
 * How late the event loop gets to what is due: the longest delay since the last sample. Measures by a background timer
 * of its own while sampling runs. Unlike a histogram that is reset at each sample, it sees a stall that straddles two
 * samples whole, and reads a number when the loop was too busy to measure.
 */
export function eventLoopDelay(options: EventLoopDelayOptions = {}): Signal {
  const calmMs = duration('calmMs', options.calmMs ?? 10);
  const fullMs = duration('fullMs', options.fullMs ?? 100, calmMs + 1);
  const resolutionMs = duration('resolutionMs', options.resolutionMs ?? 20, 1);
  const clock = methods('clock', options.clock ?? systemClock, 'now', 'schedule');
  const sampler = new LoopDelaySampler(clock, resolutionMs);
  return {
    name: 'eventLoopDelay',
    kind: 'queueing',
    read: () => Math.max(0, sampler.read() - calmMs) / (fullMs - calmMs),
    start: () => sampler.start(),
  };
}

/** Share of the time since the last sample in which the event loop was busy; 1 at `full`, 0.98 by default. */
export function eventLoopUtilization(options: { readonly full?: number | undefined } = {}): Signal {
  const full = atLeast('full', options.full ?? 0.98, 0.01);
  let last = performance.eventLoopUtilization();
  return {
    name: 'eventLoopUtilization',
    kind: 'utilization',
    read: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization / full;
    },
  };
}

export interface HeapUsedOptions {
  /** Bytes that the heap may take, if less than what V8 allows. */
  readonly budgetBytes?: number | undefined;
  /** Share of them that counts as 1; over 0. Defaults to 0.92. */
  readonly full?: number | undefined;
  /** The lowest of so many samples counts, which is near what is left after a collection. Defaults to 4. */
  readonly maxSamples?: number | undefined;
}

/** Share of the heap that is in use. */
export function heapUsed(options: HeapUsedOptions = {}): Signal {
  const full = atLeast('full', options.full ?? 0.92, 0.01);
  const budgetBytes = wholeNumber('budgetBytes', options.budgetBytes ?? Number.MAX_SAFE_INTEGER, 1);
  const maxSamples = wholeNumber('maxSamples', options.maxSamples ?? 4, 1);
  let recent: readonly number[] = [];
  return {
    name: 'heapUsed',
    read: () => {
      const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = getHeapStatistics();
      recent = [...recent, usedBytes].slice(-maxSamples);
      return Math.min(...recent) / Math.min(limitBytes, budgetBytes) / full;
    },
  };
}

/** A share of something that runs out, 1 when it has: a pool's `running / limit`. */
export function ratio(name: string, read: () => number, kind: SignalKind = 'capacity'): Signal {
  return {
    name: text('name', name),
    kind: oneOf('kind', kind, ['queueing', 'utilization', 'capacity']),
    read: methods('signal', { read }, 'read').read,
  };
}
