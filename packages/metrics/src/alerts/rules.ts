import { type Clock, duration, methods, systemClock, wholeNumber } from '@holdfast/core';

import type { WindowName } from '../sla/windows.ts';
import type { Watched } from '../watched.ts';
import type { AlertRule } from './alert.ts';

/** What a ready-made rule may be told to do differently. */
export interface RuleOverrides {
  readonly name?: AlertRule['name'] | undefined;
  readonly severity?: AlertRule['severity'] | undefined;
  readonly threshold?: AlertRule['threshold'] | undefined;
  /** Defaults to the new threshold, if that is given. */
  readonly clearThreshold?: AlertRule['clearThreshold'];
  readonly forMs?: AlertRule['forMs'];
  readonly keepFiringForMs?: AlertRule['keepFiringForMs'];
  readonly summary?: AlertRule['summary'];
}

/** Critical once a breaker has not been closed for a minute. The value is 1 for any state but closed. */
export function breakerOpen(
  breaker: Watched<{ readonly state: string }>,
  overrides?: RuleOverrides,
): AlertRule {
  const rule: AlertRule = {
    name: `${breaker.name} breaker open`,
    severity: 'critical',
    threshold: 1,
    forMs: 60_000,
    summary: `${breaker.name} is failing and is not called`,
    evaluate: () => (breaker.statistics().state === 'closed' ? 0 : 1),
  };
  return adjusted(rule, overrides);
}

/** A warning once 90 % of a bulkhead have been in use for a minute, until it is 75 %. The value is the share in use. */
export function bulkheadSaturated(
  bulkhead: Watched<{ readonly running: number; readonly limit: number }>,
  overrides?: RuleOverrides,
): AlertRule {
  const rule: AlertRule = {
    name: `${bulkhead.name} bulkhead saturated`,
    severity: 'warning',
    threshold: 0.9,
    clearThreshold: 0.75,
    forMs: 60_000,
    summary: `${bulkhead.name} has hardly a slot left`,
    evaluate: () => {
      const { running, limit } = bulkhead.statistics();
      return limit > 0 ? running / limit : undefined;
    },
  };
  return adjusted(rule, overrides);
}

/** Informs while a service is degraded at all. The value is 0 for normal, 1 for reduced and 2 for critical. */
export function degraded(
  degradation: Watched<{ readonly level: number }>,
  overrides?: RuleOverrides,
): AlertRule {
  const rule: AlertRule = {
    name: `${degradation.name} degraded`,
    severity: 'info',
    threshold: 1,
    summary: `${degradation.name} has switched features off to carry its load`,
    evaluate: () => degradation.statistics().level,
  };
  return adjusted(rule, overrides);
}

/** The look-ups of a cache, by how they were answered. */
export interface Lookups {
  readonly l1Hit: number;
  readonly l2Hit: number;
  readonly l3Hit: number;
  readonly staleHit: number;
  readonly loaded: number;
  readonly miss: number;
  readonly error: number;
}

/** What {@link cacheHitRatioLow} may be told to do differently. */
export interface CacheRuleOverrides extends RuleOverrides {
  /** Look-ups that make a batch, at least 1. Defaults to 500. */
  readonly minLookups?: number | undefined;
  /** Longest that a batch may take, in milliseconds, at least 1. Defaults to 900,000. */
  readonly maxBatchMs?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/**
 * A warning once a cache has answered 70 % of its look-ups or less itself for 5 minutes. The value is the ratio of the
 * last batch of look-ups; a batch ends at the first evaluation that finds `minLookups` of them, so that few look-ups
 * raise no alarm. One that is not full after `maxBatchMs` is dropped, and there is nothing to judge until the next one.
 *
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export function cacheHitRatioLow(
  cache: Watched<{ readonly lookups: Lookups }>,
  overrides: CacheRuleOverrides = {},
): AlertRule {
  const minLookups = wholeNumber('minLookups', overrides.minLookups ?? 500, 1);
  const maxBatchMs = duration('maxBatchMs', overrides.maxBatchMs ?? 900_000, 1);
  const clock = methods('clock', overrides.clock ?? systemClock, 'now', 'epoch', 'schedule');
  let begin = { at: clock.now(), ...countsOf(cache.statistics().lookups) };
  let ratio: number | undefined;
  const rule: AlertRule = {
    name: `${cache.name} cache hit ratio low`,
    severity: 'warning',
    threshold: 0.7,
    bad: 'below',
    forMs: 300_000,
    summary: `${cache.name} sends more than it should to what is behind it`,
    evaluate: () => {
      const end = { at: clock.now(), ...countsOf(cache.statistics().lookups) };
      const lookups = end.all - begin.all;
      const isFull = lookups >= minLookups;
      if (!isFull && end.at - begin.at < maxBatchMs) return ratio;
      ratio = isFull ? (end.hits - begin.hits) / lookups : undefined;
      begin = end;
      return ratio;
    },
  };
  return adjusted(rule, overrides);
}

function countsOf(lookups: Lookups): { readonly hits: number; readonly all: number } {
  const { l1Hit, l2Hit, l3Hit, staleHit, loaded, miss, error } = lookups;
  const hits = l1Hit + l2Hit + l3Hit + staleHit;
  return { hits, all: hits + loaded + miss + error };
}

/** How fast a budget burns, and over which windows: the long one shows that it matters, the short one that it lasts. */
const burns = [
  { rate: 14.4, long: '1h', short: '5m', severity: 'critical' },
  { rate: 6, long: '6h', short: '30m', severity: 'critical' },
  { rate: 3, long: '1d', short: '2h', severity: 'warning' },
  { rate: 1, long: '3d', short: '6h', severity: 'warning' },
] as const;

/** An SLA tracker as its rules see it. */
export interface WatchedSla {
  readonly name: string;
  window(
    objective: string,
    window: WindowName,
  ): { readonly burnRate?: number | undefined; readonly sufficient: boolean };
}

/**
 * Four rules for one objective, from burning 2 % of a 30-day budget in an hour, which is critical, to burning 10 % of
 * it in three days. The value is the burn rate of the slower of both windows, and nothing while either has too few
 * events.
 *
 * @see The Site Reliability Workbook (2018), chapter 5, "Multiwindow, Multi-Burn-Rate Alerts"
 */
export function budgetBurning(tracker: WatchedSla, objective: string): readonly AlertRule[] {
  // Names the objective that there is not, here and not in the rule's state.
  tracker.window(objective, '5m');
  return burns.map(({ rate, long, short, severity }) => ({
    name: `${tracker.name} ${objective} burns ${rate}x over ${long}`,
    severity,
    threshold: rate,
    summary: `${objective} of ${tracker.name} spends its error budget ${rate} times too fast`,
    evaluate: () => {
      const over = [tracker.window(objective, long), tracker.window(objective, short)];
      if (over.some(({ sufficient }) => !sufficient)) return undefined;
      return Math.min(...over.map(({ burnRate }) => burnRate ?? 0));
    },
  }));
}

function adjusted(rule: AlertRule, overrides: RuleOverrides = {}): AlertRule {
  const { threshold, clearThreshold } = overrides;
  return {
    name: overrides.name ?? rule.name,
    severity: overrides.severity ?? rule.severity,
    evaluate: rule.evaluate,
    threshold: threshold ?? rule.threshold,
    bad: rule.bad,
    clearThreshold: clearThreshold ?? (threshold === undefined ? rule.clearThreshold : undefined),
    forMs: overrides.forMs ?? rule.forMs,
    keepFiringForMs: overrides.keepFiringForMs ?? rule.keepFiringForMs,
    summary: overrides.summary ?? rule.summary,
  };
}
