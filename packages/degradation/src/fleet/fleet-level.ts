import { type Cancel, type Clock, duration, methods, ratio, systemClock, text } from '@holdfast/core';
import { type Level, levels } from '../levels.ts';

/** How one process of the fleet fares. */
export interface FleetReport {
  readonly instance: string;
  readonly score: number;
  /** By its own signals alone: a level that came from the fleet must not feed on itself. */
  readonly level: Level;
  /** Grows with each report of an instance: how a new one is told from one that is still there. */
  readonly sequence: number;
}

/** Where a fleet tells each other how it fares. It may fail, and may forget. */
export interface FleetChannel {
  publish(report: FleetReport): unknown;
  /** Reports of the fleet, whether seen before or not, the own one or not. */
  read(): readonly FleetReport[] | PromiseLike<readonly FleetReport[]>;
}

export interface FleetLevelOptions {
  /** Name of this process, unlike that of any other in the fleet. */
  readonly instance: string;
  /** Milliseconds between reports; at least 1. Defaults to 1,000. */
  readonly intervalMs?: number | undefined;
  /** How long a report counts, in milliseconds; at least `intervalMs`. Defaults to 5,000. */
  readonly ttlMs?: number | undefined;
  /** Which of the levels counts, from the best to the worst, from 0 to 1. Defaults to 0.5: that of the lower half. */
  readonly quantile?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** What is asked of a degradation. */
export interface Suggestible {
  readonly measuredLevel: Level;
  readonly score: number;
  suggest(level: Level): void;
}

interface Seen {
  readonly report: FleetReport;
  /** When it was first seen. */
  readonly since: number;
  /** When it was last seen. One that is still there is kept in mind, to be told from a new one. */
  readonly last: number;
}

/**
 * Tells the fleet how this process fares, and the degradation at what level the fleet is. That raises the own level by one step at
 * most and never lowers it; when the channel is lost, each process is alone again after `ttlMs`.
 *
 * Ages are measured here, from when a report was first seen: clocks of other machines do not matter.
 */
export class FleetLevel implements Disposable {
  readonly #degradation: Suggestible;
  readonly #channel: FleetChannel;
  readonly #instance: string;
  readonly #intervalMs: number;
  readonly #ttlMs: number;
  readonly #quantile: number;
  readonly #clock: Clock;
  readonly #seen = new Map<string, Seen>();
  #cancel: Cancel | undefined;
  #sequence = 0;
  #exchanging = false;
  #failures = 0;

  /** @throws {InvalidOptionError} naming the first option that is wrong. */
  constructor(degradation: Suggestible, channel: FleetChannel, options: FleetLevelOptions) {
    this.#degradation = methods('degradation', degradation, 'suggest');
    this.#channel = methods('channel', channel, 'publish', 'read');
    this.#instance = text('instance', (options as FleetLevelOptions | undefined)?.instance);
    this.#intervalMs = duration('intervalMs', options.intervalMs ?? 1_000, 1);
    this.#ttlMs = duration('ttlMs', options.ttlMs ?? Math.max(5_000, this.#intervalMs), this.#intervalMs);
    this.#quantile = ratio('quantile', options.quantile ?? 0.5);
    this.#clock = methods('clock', options.clock ?? systemClock, 'now', 'schedule');
  }

  /** Begins to exchange by one background timer; does nothing if it has begun. */
  start(): this {
    if (this.#cancel === undefined) this.#tick();
    return this;
  }

  /** The level of the fleet, as far as it has been heard of lately, with this process in it. */
  get level(): Level {
    const ranks = [this.#degradation.measuredLevel, ...this.#others()].map((level) => levels.indexOf(level));
    const place = Math.floor(this.#quantile * (ranks.length - 1));
    return levels[ranks.toSorted((a, b) => a - b)[place] ?? 0] ?? 'normal';
  }

  statistics(): { readonly instances: number; readonly failures: number } {
    return { instances: this.#others().length + 1, failures: this.#failures };
  }

  /** Leaves the degradation to itself. */
  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#seen.clear();
    this.#degradation.suggest('normal');
  }

  #tick(): void {
    this.#cancel = this.#clock.schedule(() => this.#tick(), this.#intervalMs, { background: true });
    // An exchange that hangs must neither pile up others nor keep old reports alive.
    if (!this.#exchanging) void this.#exchange();
    this.#degradation.suggest(this.level);
  }

  async #exchange(): Promise<void> {
    this.#exchanging = true;
    // Whoever cannot be heard can still hear.
    await this.#attempt(() => this.#publish());
    await this.#attempt(() => this.#listen());
    this.#exchanging = false;
  }

  async #attempt(part: () => Promise<void>): Promise<void> {
    try {
      await part();
    } catch {
      this.#failures += 1;
    }
  }

  async #publish(): Promise<void> {
    const { score, measuredLevel: level } = this.#degradation;
    this.#sequence += 1;
    await this.#channel.publish({ instance: this.#instance, score, level, sequence: this.#sequence });
  }

  async #listen(): Promise<void> {
    for (const report of await this.#channel.read()) {
      // One that is none must not keep the others from being heard.
      if (isReport(report)) this.#hear(report);
      else this.#failures += 1;
    }
    this.#forget();
    if (this.#cancel !== undefined) this.#degradation.suggest(this.level);
  }

  /** Only after a look at the channel: what is still there would else be taken for new when the channel is back. */
  #forget(): void {
    const now = this.#clock.now();
    for (const [instance, { last }] of this.#seen) if (now - last >= this.#ttlMs) this.#seen.delete(instance);
  }

  #hear(report: FleetReport): void {
    const { instance, sequence } = report;
    if (instance === this.#instance) return;
    const known = this.#seen.get(instance);
    const now = this.#clock.now();
    const since = known?.report.sequence === sequence ? known.since : now;
    this.#seen.set(instance, { report, since, last: now });
  }

  #others(): readonly Level[] {
    const now = this.#clock.now();
    const fresh = [...this.#seen.values()].filter(({ since }) => now - since < this.#ttlMs);
    return fresh.map(({ report }) => report.level);
  }
}

/** What others send may be anything. */
function isReport(sent: unknown): sent is FleetReport {
  const { instance, level } = (sent ?? {}) as Partial<FleetReport>;
  return typeof instance === 'string' && levels.some((each) => each === level);
}
