import { type Cancel, EventHub, type EventSource } from '@holdfast/core';

import type { Alert, AlertState, AlertTransition, Severity } from './alert.ts';
import type { AlertEvent } from './events.ts';
import { type AlertManagerOptions, type ResolvedAlertManagerOptions, resolveOptions } from './options.ts';
import { type Arrivals, type Instant, RuleState } from './rule-state.ts';

/** What a manager counts, by rule. */
export interface AlertStatistics {
  readonly component: 'alerts';
  readonly rules: readonly {
    readonly name: string;
    readonly severity: Severity;
    readonly state: AlertState;
    /** How often the alert came to each state; only grows. */
    readonly transitions: Arrivals;
  }[];
}

const maxHistory = 200;

/**
 * Evaluates rules and tells when an alert begins and ends, in this process and without any server. Where Prometheus
 * watches the service, let it own the rules; this is for everywhere else, and for what cannot wait for a scrape.
 *
 * Invariants:
 * - `fired` and `resolved` alternate for each rule, `fired` first;
 * - a rule that throws changes no alert and keeps no other rule from being evaluated;
 * - there is a timer only between {@link start} and disposal.
 */
export class AlertManager implements Disposable {
  readonly #options: ResolvedAlertManagerOptions;
  readonly #hub = new EventHub<AlertEvent>();
  readonly #states: readonly RuleState[];
  readonly #history: AlertTransition[] = [];
  #timer: Cancel | undefined;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: AlertManagerOptions) {
    this.#options = resolveOptions(options);
    this.#states = this.#options.rules.map((rule) => new RuleState(rule));
  }

  get name(): string {
    return this.#options.name;
  }

  get events(): EventSource<AlertEvent> {
    return this.#hub;
  }

  /** Evaluates now and then at each interval, in the background. Starting twice is starting once. */
  start(): Disposable {
    if (this.#timer === undefined) this.#tick();
    return this;
  }

  /** Judges every rule once, now; also between the evaluations of the timer, for instance when a breaker has opened. */
  evaluate(): void {
    const { clock } = this.#options;
    const at = { now: clock.now(), epoch: clock.epoch() };
    for (const state of this.#states) this.#judge(state, at);
  }

  /** The alerts that are pending or firing. */
  active(): readonly Alert[] {
    return this.alerts().filter(({ state }) => state === 'pending' || state === 'firing');
  }

  /** Every rule as it stands, in the order they were given. */
  alerts(): readonly Alert[] {
    return this.#states.map((state) => state.read());
  }

  /** The last 200 transitions, the oldest first. */
  history(): readonly AlertTransition[] {
    return [...this.#history];
  }

  statistics(): AlertStatistics {
    return {
      component: 'alerts',
      rules: this.#states.map(({ rule, state, arrivals }) => ({
        name: rule.name,
        severity: rule.severity,
        state,
        transitions: arrivals,
      })),
    };
  }

  /** Stops evaluating. Alerts stay as they are, because nobody knows that they are over. */
  [Symbol.dispose](): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  #tick(): void {
    const { clock, intervalMs } = this.#options;
    this.#timer = clock.schedule(() => this.#tick(), intervalMs, { background: true });
    this.evaluate();
  }

  #judge(state: RuleState, at: Instant): void {
    const from = state.state;
    const worked = state.health !== 'error';
    try {
      state.judge(state.rule.evaluate(), at);
    } catch (error) {
      state.fail(error);
      if (worked && this.#hub.observed) this.#hub.emit({ type: 'failed', rule: state.rule.name, error });
      return;
    }
    if (!worked && this.#hub.observed) this.#hub.emit({ type: 'recovered', rule: state.rule.name });
    if (state.state !== from) this.#note(state, from, at);
  }

  #note(state: RuleState, from: AlertState, at: Instant): void {
    const alert = state.read();
    const { rule, severity, value } = alert;
    this.#history.push({ at: at.epoch, rule, severity, from, to: alert.state, value });
    if (this.#history.length > maxHistory) this.#history.shift();
    if (!this.#hub.observed) return;
    if (alert.state === 'firing') this.#hub.emit({ type: 'fired', alert });
    if (alert.state === 'resolved') this.#hub.emit({ type: 'resolved', alert });
  }
}
