import type { ResolvedAutoLimitOptions } from './auto-limit-options.ts';
import { RoundTrips } from './round-trips.ts';

/** How far the limit stands over what the dependency works on at once, so that it always has something to do. */
const gain = 1.5;

/** Factors on the limit, window by window: more, to see whether more is answered; less, to drain what that queued up. */
const cycle = [1.25, 0.9, 1, 1, 1, 1] as const;

/** Windows over which the highest rate counts. */
const rateMemory = 8;

/** Answers that take at most so many times the unloaded time have not queued. */
const unqueued = 1.3;

/** Most windows of a probe, each with half the limit of the one before. */
const maxProbeWindows = 3;

/** Where half as many take at most so much of the time, they still queued: it would be half if all of them did. */
const stillQueued = 0.6;

interface Probe {
  /** The limit before it. */
  readonly limit: number;
  /** What answers took in the window before, under twice the limit. */
  beforeMs: number;
  windows: number;
}

/**
 * Finds the limit by measuring: what a dependency works on at once is the rate at which it answers times the time that an
 * answer takes without queueing (Little's law). The limit is that, and half as much again.
 *
 * The rate is the highest of the last windows in which the limit was reached. The unloaded time is the least that was
 * seen since it was measured: every `probeIntervalMs`, while the limit is reached, the limit is halved for at most three
 * windows. No average over long times is kept: a long overload would pass for normal.
 *
 * Invariants: `min <= limit <= max`, whole; a window in which the limit was not reached changes it only for signs of
 * overload; the same calls at the same times give the same limits.
 *
 * @see Cardwell et al., "BBR: Congestion-Based Congestion Control", ACM Queue 14(5), 2016
 */
export class AutoLimit {
  readonly #options: ResolvedAutoLimitOptions;
  readonly #window: RoundTrips;
  readonly #rates: number[] = [];
  #limit: number;
  #lastRate = 0;
  /** Time of an answer without queueing. */
  #unloadedMs = Infinity;
  #growing = true;
  #phase = 0;
  #probedAt = -Infinity;
  #probe: Probe | undefined;

  constructor(options: ResolvedAutoLimitOptions, now: number) {
    this.#options = options;
    this.#window = new RoundTrips(now);
    this.#limit = options.initial;
  }

  get limit(): number {
    return Math.round(this.#limit);
  }

  /** An operation begins, and so many run now. */
  started(running: number): void {
    this.#window.started(running);
  }

  /** An operation was answered, and so many run on. */
  succeeded(tookMs: number, now: number, running: number): void {
    // What was asked before a probe may have queued, and says nothing in it.
    if (this.#probe !== undefined && tookMs > this.#window.elapsedMs(now)) return;
    this.#window.succeeded(tookMs);
    this.#look(now, running);
  }

  /** An operation showed that there was too much to do, and so many run on. */
  overloaded(now: number, running: number): void {
    this.#window.overloaded();
    this.#look(now, running);
  }

  #look(now: number, running: number): void {
    const { windowMs, minSamples, min, max } = this.#options;
    const window = this.#window;
    if (window.elapsedMs(now) < windowMs || window.count < minSamples) return;
    this.#limit = Math.min(Math.max(this.#next(now), min), max);
    window.restart(now, running);
  }

  /** What the window that is over says about the limit. */
  #next(now: number): number {
    const window = this.#window;
    if (window.overloadRatio > 0.05) return this.#retreat();
    const tookMs = window.meanMs();
    if (this.#probe !== undefined) return this.#measure(this.#probe, tookMs, now);
    const rate = window.rate(now);
    const isFaster = rate >= 1.2 * this.#lastRate;
    this.#lastRate = rate;
    this.#unloadedMs = Math.min(this.#unloadedMs, tookMs);
    if (window.peak < this.limit) return this.#limit;
    this.#remember(rate);
    if (this.#growing && isFaster) return this.#limit * 2;
    this.#growing = false;
    if (now - this.#probedAt >= this.#options.probeIntervalMs) return this.#startProbe(tookMs);
    return this.#steer(tookMs);
  }

  #retreat(): number {
    this.#growing = false;
    this.#probe = undefined;
    return this.#limit * 0.8;
  }

  #startProbe(beforeMs: number): number {
    this.#probe = { limit: this.#limit, beforeMs, windows: 0 };
    return this.#limit / 2;
  }

  #measure(probe: Probe, tookMs: number, now: number): number {
    probe.windows += 1;
    const isFaster = tookMs < 0.5 * this.#unloadedMs;
    const isQueued = !isFaster && tookMs < stillQueued * probe.beforeMs;
    probe.beforeMs = tookMs;
    if (isQueued && probe.windows < maxProbeWindows) return this.#limit / 2;
    this.#probe = undefined;
    this.#probedAt = now;
    this.#unloadedMs = isQueued ? Math.min(this.#unloadedMs, tookMs) : tookMs;
    // The dependency got faster: the rates of the last windows say too little.
    return isFaster ? probe.limit : this.#wanted();
  }

  /** Half of the way to what is wanted; never down while nothing queues. */
  #steer(tookMs: number): number {
    this.#phase = (this.#phase + 1) % cycle.length;
    const wanted = (cycle[this.#phase] as number) * this.#wanted();
    const next = (this.#limit + wanted) / 2;
    return tookMs <= unqueued * this.#unloadedMs ? Math.max(next, this.#limit * 1.25) : next;
  }

  #wanted(): number {
    return gain * Math.max(...this.#rates) * this.#unloadedMs;
  }

  #remember(rate: number): void {
    this.#rates.push(rate);
    if (this.#rates.length > rateMemory) this.#rates.shift();
  }
}
