import { type Clock, hours, InvalidOptionError } from '@holdfast/core';

import { EventHistory } from './event-history.ts';
import { LatencyHistory, type LatencyReport } from './latency-history.ts';
import {
  type ResolvedObjective,
  type ResolvedSlaOptions,
  resolveOptions,
  type SlaOptions,
} from './options.ts';
import type { ObjectiveReport, SlaReport, SlaStatus, WindowReport } from './report.ts';
import { type Window, type WindowName, windows } from './windows.ts';

/** One request, or whatever the service promises something about. */
export interface SlaEvent {
  readonly durationMs: number;
  /** `failure` is the service's own fault, `rejected` its limits turned away; a caller's mistake is `success`. */
  readonly outcome: 'success' | 'failure' | 'rejected';
}

/** What a tracker counts; `events` only grow. */
export interface SlaStatistics {
  readonly component: 'sla';
  /** Since the tracker was made, by objective. */
  readonly events: Readonly<Record<string, { readonly good: number; readonly bad: number }>>;
  readonly objectives: readonly ObjectiveReport[];
  readonly latency: readonly LatencyReport[];
}

/**
 * Measures what a service keeps of its promises: compliance, error budget and how fast it burns, over windows from
 * 5 minutes to 30 days. Has no timer and allocates nothing per event.
 *
 * Objectives of latency are shares, not quantiles: shares of several processes and times add up, quantiles do not.
 *
 * Invariants:
 * - a window counts exactly the events of the slots that make it up, the one still filling included;
 * - it never claims more than it knows: windows say how much of them was seen and whether the events suffice.
 *
 * @see The Site Reliability Workbook (2018), chapter 5, "Alerting on SLOs"
 */
export class SlaTracker {
  readonly #options: ResolvedSlaOptions;
  readonly #clock: Clock;
  readonly #startedAt: number;
  /** Good and bad of each objective, in turn. */
  readonly #events: EventHistory;
  readonly #latencies: LatencyHistory;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: SlaOptions = {}) {
    this.#options = resolveOptions(options);
    this.#clock = this.#options.clock;
    this.#startedAt = this.#clock.now();
    this.#events = new EventHistory(this.#options.objectives.length * 2, this.#startedAt);
    this.#latencies = new LatencyHistory(this.#startedAt);
  }

  get name(): string {
    return this.#options.name;
  }

  /** Counts an event. A duration that is not a number of at least 0 is left out of everything about latency. */
  record({ durationMs, outcome }: SlaEvent): void {
    const { objectives, rejected } = this.#options;
    const now = this.#clock.now();
    const counts = this.#events.open(now);
    const timed = outcome !== 'rejected' && durationMs >= 0;
    const counted = outcome !== 'rejected' || rejected === 'bad';
    for (let index = 0; index < objectives.length; index += 1) {
      const { thresholdMs } = objectives[index]!;
      if (thresholdMs === undefined ? !counted : !timed) continue;
      const good = thresholdMs === undefined ? outcome === 'success' : durationMs <= thresholdMs;
      counts[index * 2 + (good ? 0 : 1)]! += 1;
    }
    if (timed) this.#latencies.add(now, durationMs);
  }

  /**
   * One objective over one window, for rules that watch it.
   *
   * @throws {InvalidOptionError} on an objective or window that there is not.
   */
  window(objective: string, window: WindowName): WindowReport {
    const index = this.#options.objectives.findIndex(({ name }) => name === objective);
    const length = windows.find(({ name }) => name === window);
    if (index < 0) throw new InvalidOptionError('objective', 'the name of an objective', objective);
    if (length === undefined) throw new InvalidOptionError('window', 'the name of a window', window);
    const now = this.#clock.now();
    return this.#window(index, this.#span(length, now));
  }

  report(): SlaReport {
    const now = this.#clock.now();
    const at = this.#clock.epoch();
    const spans = windows.map((window) => this.#span(window, now));
    const objectives = this.#options.objectives.map((objective, index) =>
      this.#objective(objective, index, spans),
    );
    return {
      name: this.name,
      status: worstOf(objectives.map(({ status }) => status)),
      at,
      since: at - (now - this.#startedAt),
      objectives,
      latency: this.#latencies.report(now),
    };
  }

  statistics(): SlaStatistics {
    const { objectives, latency } = this.report();
    const totals = this.#events.totals();
    const events = Object.fromEntries(
      objectives.map(({ name }, index) => [name, { good: totals[index * 2]!, bad: totals[index * 2 + 1]! }]),
    );
    return { component: 'sla', events, objectives, latency };
  }

  #objective(objective: ResolvedObjective, index: number, spans: readonly Span[]): ObjectiveReport {
    const { name, targetRatio, thresholdMs, window } = objective;
    const reports = spans.map((span) => this.#window(index, span));
    const judged = reports.find((report) => report.window === window)!;
    const spent = reports.at(-1)!.burnRate ?? 0;
    return {
      name,
      targetRatio,
      ...(thresholdMs === undefined ? {} : { thresholdMs }),
      window,
      status: statusOf(judged, targetRatio),
      budgetRemainingRatio: 1 - spent,
      windows: reports,
    };
  }

  #span(window: Window, now: number): Span {
    const coverageRatio = Math.min(1, (now - this.#startedAt) / window.lengthMs);
    return { window, counts: this.#events.sum(now, window.lengthMs), coverageRatio };
  }

  #window(index: number, { window, counts, coverageRatio }: Span): WindowReport {
    const { objectives, minEvents } = this.#options;
    const bad = counts[index * 2 + 1]!;
    const events = counts[index * 2]! + bad;
    const needed = window.lengthMs < hours(1) ? Math.ceil(minEvents / 5) : minEvents;
    const base = { window: window.name, events, bad, coverageRatio, sufficient: events >= needed };
    if (events === 0) return base;
    const burnRate = bad / events / (1 - objectives[index]!.targetRatio);
    return { ...base, complianceRatio: (events - bad) / events, burnRate };
  }
}

/** A window and what happened in it, for all objectives. */
interface Span {
  readonly window: Window;
  readonly counts: Float64Array;
  readonly coverageRatio: number;
}

function statusOf({ complianceRatio, sufficient }: WindowReport, targetRatio: number): SlaStatus {
  if (!sufficient || complianceRatio === undefined) return 'unknown';
  return complianceRatio >= targetRatio ? 'ok' : 'violated';
}

function worstOf(statuses: readonly SlaStatus[]): SlaStatus {
  if (statuses.includes('violated')) return 'violated';
  return statuses.includes('unknown') ? 'unknown' : 'ok';
}
