import { InvalidOptionError } from '@holdfast/core';

import { messageOf } from '../message-of.ts';
import type { Alert, AlertState } from './alert.ts';
import type { ResolvedRule } from './options.ts';

/** A reading of the clock, in both of its times. */
export interface Instant {
  /** Monotonic milliseconds: what durations are measured with. */
  readonly now: number;
  /** Milliseconds since 1970: what people are shown. */
  readonly epoch: number;
}

/** How often an alert came to each state. */
export interface Arrivals {
  readonly pending: number;
  readonly firing: number;
  readonly resolved: number;
}

/**
 * One rule's way from inactive over pending and firing to resolved.
 *
 * Invariants:
 * - it fires only after the condition has held for `forMs` without a break between evaluations;
 * - it resolves only after the condition has been over for `keepFiringForMs` without a break;
 * - it is only ever resolved from firing, so that there is a resolution for exactly every fired alert that is over.
 */
export class RuleState {
  readonly rule: ResolvedRule;
  #state: AlertState = 'inactive';
  #value: number | undefined;
  #badSince: Instant | undefined;
  #goodSince: Instant | undefined;
  #firedAt: number | undefined;
  #resolvedAt: number | undefined;
  #health: Alert['health'] = 'unknown';
  #error: string | undefined;
  #arrivals: Arrivals = { pending: 0, firing: 0, resolved: 0 };

  constructor(rule: ResolvedRule) {
    this.rule = rule;
  }

  get state(): AlertState {
    return this.#state;
  }

  get health(): Alert['health'] {
    return this.#health;
  }

  get arrivals(): Arrivals {
    return this.#arrivals;
  }

  /**
   * Takes in what the rule gave.
   *
   * @throws {InvalidOptionError} if it is no number, as from a rule that is asynchronous: it could never be bad.
   */
  judge(value: number | undefined, at: Instant): void {
    if (value !== undefined && typeof value !== 'number') {
      // How an asynchronous rule ends is nobody's business any more.
      if ((value as unknown) instanceof Promise) (value as Promise<unknown>).catch(() => undefined);
      throw new InvalidOptionError(`evaluate() of ${this.rule.name}`, 'a number or undefined', value);
    }
    this.#health = 'ok';
    this.#error = undefined;
    this.#value = Number.isNaN(value) ? undefined : value;
    if (this.#isBad()) this.#onBad(at);
    else this.#onGood(at);
  }

  /** Takes in what the rule threw. Nobody knows whether the condition holds, so nothing else changes. */
  fail(error: unknown): void {
    this.#health = 'error';
    this.#error = messageOf(error);
  }

  read(): Alert {
    const { name, severity, summary, threshold } = this.rule;
    return {
      rule: name,
      severity,
      summary,
      state: this.#state,
      threshold,
      value: this.#value,
      activeAt: this.#badSince?.epoch,
      firedAt: this.#firedAt,
      resolvedAt: this.#resolvedAt,
      health: this.#health,
      error: this.#error,
    };
  }

  /** Once it is firing, the value has to come back past the clear threshold. */
  #isBad(): boolean {
    const { threshold, clearThreshold, bad } = this.rule;
    const limit = this.#state === 'firing' ? clearThreshold : threshold;
    if (this.#value === undefined) return false;
    return bad === 'above' ? this.#value >= limit : this.#value <= limit;
  }

  #onBad(at: Instant): void {
    this.#goodSince = undefined;
    if (this.#state === 'firing') return;
    const since = this.#state === 'pending' ? (this.#badSince ?? at) : this.#begin(at);
    if (at.now - since.now >= this.rule.forMs) {
      this.#firedAt = at.epoch;
      this.#become('firing');
    } else if (this.#state !== 'pending') this.#become('pending');
  }

  #begin(at: Instant): Instant {
    this.#badSince = at;
    this.#firedAt = undefined;
    this.#resolvedAt = undefined;
    return at;
  }

  #onGood(at: Instant): void {
    if (this.#state === 'pending') {
      this.#badSince = undefined;
      this.#state = 'inactive';
    }
    if (this.#state !== 'firing') return;
    this.#goodSince ??= at;
    if (at.now - this.#goodSince.now < this.rule.keepFiringForMs) return;
    this.#resolvedAt = at.epoch;
    this.#become('resolved');
  }

  #become(state: 'pending' | 'firing' | 'resolved'): void {
    this.#state = state;
    this.#arrivals = { ...this.#arrivals, [state]: this.#arrivals[state] + 1 };
  }
}
