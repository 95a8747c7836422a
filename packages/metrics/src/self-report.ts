import { type Clock, type EventHub, hours } from '@holdfast/core';

import type { MetricsEvent } from './events.ts';
import type { Family, Sample } from './family.ts';
import type { Tally } from './instruments/tally.ts';

/** One metric's numbers about itself. */
export interface Watched {
  readonly tally: Tally;
  readonly size: () => number;
}

const noticeIntervalMs = hours(1);

/** What the registry has to say about itself: series it holds, observations it folded or refused, reads that failed. */
export class SelfReport {
  readonly families: readonly Family[];
  readonly #clock: Clock;
  readonly #hub: EventHub<MetricsEvent>;
  readonly #watched = new Map<string, Watched>();
  readonly #failures = new Map<string, number>();
  readonly #noticedAt = new Map<string, number>();

  constructor(prefix: string, clock: Clock, hub: EventHub<MetricsEvent>) {
    this.#clock = clock;
    this.#hub = hub;
    this.families = [
      {
        type: 'gauge',
        name: `${prefix}metrics_series`,
        help: 'Live series per metric',
        collect: () => this.#each(({ size }) => size()),
      },
      {
        type: 'counter',
        name: `${prefix}metrics_series_overflow_total`,
        help: 'Observations folded into the overflow series',
        collect: () => this.#each(({ tally }) => tally.folded),
      },
      {
        type: 'counter',
        name: `${prefix}observer_errors_total`,
        help: 'Exceptions thrown by telemetry hooks and swallowed',
        collect: () => this.#errors(),
      },
    ];
  }

  watch(metric: string, watched: Watched): void {
    this.#watched.set(metric, watched);
  }

  unwatch(metric: string): void {
    this.#watched.delete(metric);
  }

  overflowed(metric: string, busiest: () => string): void {
    if (!this.#hub.observed) return;
    const now = this.#clock.now();
    if (now - (this.#noticedAt.get(metric) ?? -Infinity) < noticeIntervalMs) return;
    this.#noticedAt.set(metric, now);
    const series = this.#watched.get(metric)?.size() ?? 0;
    this.#hub.emit({ type: 'overflowed', metric, label: busiest(), series });
  }

  /** Makes the errors of a source start from 0 instead of from the first one. */
  expect(source: string): void {
    if (!this.#failures.has(source)) this.#failures.set(source, 0);
  }

  /** @param source - The kind of component, or the metric. @param name - Which one of the kind. */
  failed(source: string, name: string, error: unknown): void {
    this.#failures.set(source, (this.#failures.get(source) ?? 0) + 1);
    if (this.#hub.observed) this.#hub.emit({ type: 'read-failed', source, name, error });
  }

  #each(read: (watched: Watched) => number): readonly Sample[] {
    return [...this.#watched].map(([metric, watched]) => ({ labels: { metric }, value: read(watched) }));
  }

  /** Refused observations and failed reads, both by source. */
  #errors(): readonly Sample[] {
    const errors = new Map(this.#failures);
    for (const [metric, { tally }] of this.#watched) {
      errors.set(metric, (errors.get(metric) ?? 0) + tally.invalid);
    }
    return [...errors].map(([component, value]) => ({ labels: { component }, value }));
  }
}
