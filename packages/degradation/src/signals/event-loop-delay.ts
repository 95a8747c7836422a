import { type Clock, duration, methods, systemClock } from '@holdfast/core';
import type { Signal } from '../signal.ts';
import { LoopDelaySampler } from './loop-delay-sampler.ts';

export interface EventLoopDelayOptions {
  /** Delay that counts as none, in milliseconds. Defaults to 10. */
  readonly calmMs?: number | undefined;
  /** Delay that counts as 1, in milliseconds; over `calmMs`. Defaults to 100. */
  readonly fullMs?: number | undefined;
  /** Milliseconds between measurements; at least 1. A stall is seen short by so much at most. Defaults to 10. */
  readonly resolutionMs?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/**
 * How late the event loop gets to what is due: the longest delay since the last sample, which is also the 99th percentile of
 * the two dozen delays in between. Measures by a background timer of its own while sampling runs. Unlike a histogram that is reset
 * at each sample, it sees a stall that straddles two samples whole, and reads a number when the loop was too busy to measure.
 */
export function eventLoopDelay(options: EventLoopDelayOptions = {}): Signal {
  const calmMs = duration('calmMs', options.calmMs ?? 10);
  const fullMs = duration('fullMs', options.fullMs ?? 100, calmMs + 1);
  const resolutionMs = duration('resolutionMs', options.resolutionMs ?? 10, 1);
  const clock = methods('clock', options.clock ?? systemClock, 'now', 'schedule');
  const sampler = new LoopDelaySampler(clock, resolutionMs);
  return {
    name: 'eventLoopDelay',
    kind: 'queueing',
    read: () => Math.max(0, sampler.read() - calmMs) / (fullMs - calmMs),
    start: () => sampler.start(),
  };
}
