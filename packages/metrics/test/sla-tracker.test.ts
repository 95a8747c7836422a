import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { Metrics } from '@holdfast/metrics';
import { type SlaEvent, type SlaOptions, SlaTracker } from '@holdfast/metrics/sla';
import { valuesOf } from './model/readings.ts';

const hour = 3_600_000;

function setUp(options: SlaOptions = {}): { readonly clock: ManualClock; readonly tracker: SlaTracker } {
  const clock = new ManualClock(1_700_000_000_000);
  return { clock, tracker: new SlaTracker({ clock, ...options }) };
}

const record = (tracker: SlaTracker, times: number, event: Partial<SlaEvent> = {}): void => {
  for (let count = 0; count < times; count += 1) {
    tracker.record({ durationMs: 10, outcome: 'success', ...event });
  }
};

const statusOf = (tracker: SlaTracker, objective: string): string | undefined =>
  tracker.report().objectives.find(({ name }) => name === objective)?.status;

describe('SlaTracker', () => {
  it('claims nothing before there are enough events', () => {
    const { tracker } = setUp();
    record(tracker, 99);
    const before = tracker.report();
    record(tracker, 1);

    expect(before.status).toBe('unknown');
    expect(before.objectives.map(({ status }) => status)).toEqual([
      'unknown',
      'unknown',
      'unknown',
      'unknown',
    ]);
    expect(tracker.report().status).toBe('ok');
  });

  it('does not turn one error in twenty events into a violation', () => {
    const { tracker } = setUp();
    record(tracker, 19);
    record(tracker, 1, { outcome: 'failure' });

    expect(tracker.report().status).toBe('unknown');
    expect(tracker.window('availability', '1h')).toMatchObject({ events: 20, bad: 1, sufficient: false });
  });

  it('trusts a window of 5 minutes with a fifth of the events', () => {
    const { tracker } = setUp({ minEvents: 10 });
    record(tracker, 2);

    expect(tracker.window('availability', '5m').sufficient).toBe(true);
    expect(tracker.window('availability', '1h').sufficient).toBe(false);
  });

  it('holds exactly at the target and is violated past it', () => {
    const { tracker } = setUp();
    record(tracker, 999);
    record(tracker, 1, { outcome: 'failure' });
    expect(statusOf(tracker, 'availability')).toBe('ok');

    record(tracker, 1, { outcome: 'failure' });
    expect(statusOf(tracker, 'availability')).toBe('violated');
    expect(statusOf(tracker, 'error-rate')).toBe('ok');
    expect(tracker.report().status).toBe('violated');
  });

  it('judges latency by the share within the threshold, the threshold included', () => {
    const { tracker } = setUp();
    record(tracker, 95, { durationMs: 500 });
    record(tracker, 4, { durationMs: 1_000 });
    record(tracker, 1, { durationMs: 1_001 });
    expect([statusOf(tracker, 'latency-p95'), statusOf(tracker, 'latency-p99')]).toEqual(['ok', 'ok']);

    record(tracker, 1, { durationMs: 1_001 });
    expect([statusOf(tracker, 'latency-p95'), statusOf(tracker, 'latency-p99')]).toEqual([
      'violated',
      'violated',
    ]);
  });

  it('counts a slow failure against latency too', () => {
    const { tracker } = setUp();
    record(tracker, 1, { durationMs: 30_000, outcome: 'failure' });

    expect(tracker.window('latency-p99', '5m')).toMatchObject({ events: 1, bad: 1 });
  });

  it('counts rejections as bad, but not their speed as good', () => {
    const { tracker } = setUp();
    record(tracker, 5, { durationMs: 0, outcome: 'rejected' });

    expect(tracker.window('availability', '5m')).toMatchObject({ events: 5, bad: 5 });
    expect(tracker.window('latency-p95', '5m').events).toBe(0);
    expect(tracker.report().latency[0]?.events).toBe(0);
  });

  it('leaves rejections out if told to', () => {
    const { tracker } = setUp({ rejected: 'excluded' });
    record(tracker, 5, { outcome: 'rejected' });

    expect(tracker.window('availability', '5m').events).toBe(0);
  });

  it.each([Number.NaN, -1])('leaves a duration of %d out of everything about latency', (durationMs) => {
    const { tracker } = setUp();
    record(tracker, 1, { durationMs });

    expect(tracker.window('availability', '5m').events).toBe(1);
    expect(tracker.window('latency-p95', '5m').events).toBe(0);
    expect(tracker.report().latency[0]?.events).toBe(0);
  });

  it('reckons burn rate and budget', () => {
    const { tracker } = setUp({ objectives: [{ name: 'a', targetRatio: 0.9 }] });
    record(tracker, 95);
    record(tracker, 5, { outcome: 'failure' });

    const { burnRate, complianceRatio } = tracker.window('a', '1h');
    expect(complianceRatio).toBe(0.95);
    expect(burnRate).toBeCloseTo(0.5);
    expect(tracker.report().objectives[0]?.budgetRemainingRatio).toBeCloseTo(0.5);

    record(tracker, 10, { outcome: 'failure' });
    expect(tracker.report().objectives[0]?.budgetRemainingRatio).toBeCloseTo(1 - 15 / 110 / 0.1);
  });

  it('has all of its budget while nothing has happened', () => {
    const { tracker } = setUp();

    expect(tracker.report().objectives[0]).toMatchObject({ budgetRemainingRatio: 1, status: 'unknown' });
    expect(tracker.window('availability', '1h')).toEqual({
      window: '1h',
      events: 0,
      bad: 0,
      coverageRatio: 0,
      sufficient: false,
    });
  });

  it('says how much of each window it has seen', async () => {
    const { clock, tracker } = setUp();

    await clock.advance(hour);

    const coverage = tracker.report().objectives[0]?.windows.map(({ coverageRatio }) => coverageRatio);
    expect(coverage).toEqual([1, 1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 72, 1 / 720]);
    expect(tracker.report()).toMatchObject({ since: 1_700_000_000_000, at: 1_700_000_000_000 + hour });
  });

  it('forgets what a window has passed over', async () => {
    const { clock, tracker } = setUp();
    record(tracker, 10, { outcome: 'failure' });

    await clock.advance(5 * 60_000);
    expect(tracker.window('availability', '5m').events).toBe(0);
    expect(tracker.window('availability', '30m').events).toBe(10);
    await clock.advance(800 * hour);
    expect(tracker.window('availability', '30d').events).toBe(0);
    expect(tracker.report().latency.map(({ events }) => events)).toEqual([0, 0]);
  });

  it('shows quantiles of the last 5 minutes and of the last hour', async () => {
    const { clock, tracker } = setUp();
    for (let durationMs = 1; durationMs <= 100; durationMs += 1)
      tracker.record({ durationMs, outcome: 'success' });
    await clock.advance(10 * 60_000);
    record(tracker, 1, { durationMs: 7 });

    const [recent, lastHour] = tracker.report().latency;
    expect(recent?.events).toBe(1);
    expect(recent?.p99Ms).toBeCloseTo(7, 0);
    expect(lastHour?.events).toBe(101);
    for (const [found, exact] of [
      [lastHour?.p50Ms, 50],
      [lastHour?.p95Ms, 95],
      [lastHour?.p99Ms, 99],
    ] as const) {
      expect(Math.abs((found ?? 0) / exact - 1)).toBeLessThan(0.022);
    }
  });

  it('uses no timer', () => {
    const { clock, tracker } = setUp();
    record(tracker, 3);
    tracker.report();

    expect(clock.pending()).toBe(0);
  });

  it('reports plain JSON', () => {
    const { tracker } = setUp();
    record(tracker, 1);
    const report = tracker.report();

    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('shows in metrics, beside a second tracker with other objectives', () => {
    const { tracker } = setUp();
    record(tracker, 3);
    record(tracker, 1, { outcome: 'failure' });
    const metrics = new Metrics();
    metrics.bind(tracker);
    metrics.bind(new SlaTracker({ name: 'search', objectives: [{ name: 'search-up', targetRatio: 0.9 }] }));

    expect(valuesOf(metrics, 'resilience_sla_events_total')).toMatchObject({
      'objective=availability,result=good': 3,
      'objective=availability,result=bad': 1,
      'objective=search-up,result=good': 0,
    });
    expect(valuesOf(metrics, 'resilience_sla_target_ratio')).toMatchObject({
      'objective=availability': 0.999,
    });
    expect(valuesOf(metrics, 'resilience_sla_compliance_ratio')).toMatchObject({
      'objective=availability,window=1h': 0.75,
      'objective=availability,window=30d': 0.75,
    });
    expect(valuesOf(metrics, 'resilience_sla_compliance_ratio')).not.toHaveProperty(
      'objective=availability,window=5m',
    );
    expect(
      valuesOf(metrics, 'resilience_sla_burn_rate_ratio')['objective=availability,window=5m'],
    ).toBeCloseTo(250);
    expect(
      valuesOf(metrics, 'resilience_sla_error_budget_remaining_ratio')['objective=availability'],
    ).toBeCloseTo(-249);
    expect(
      valuesOf(metrics, 'resilience_sla_latency_seconds')['sla=sla,window=5m,percentile=p50'],
    ).toBeCloseTo(0.01, 3);
  });

  it('keeps counting totals past every window', async () => {
    const { clock, tracker } = setUp();
    record(tracker, 2);
    await clock.advance(2_000 * hour);
    record(tracker, 1);

    expect(tracker.statistics().events['availability']).toEqual({ good: 3, bad: 0 });
  });

  it('cannot be bound beside a tracker with an objective of the same name', () => {
    const metrics = new Metrics();
    metrics.bind(new SlaTracker());

    expect(() => metrics.bind(new SlaTracker({ name: 'other' }))).toThrow(
      "sla 'other' cannot be bound: another one already has sla_events_total of availability, good",
    );
  });

  it('refuses to answer for what there is not', () => {
    const { tracker } = setUp();

    expect(() => tracker.window('speed', '1h')).toThrow(/objective must be the name of an objective/);
    expect(() => tracker.window('availability', '7d' as never)).toThrow(
      /window must be the name of a window/,
    );
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ objectives: 7 as never }, 'objectives'],
    [{ objectives: [null as never] }, 'objectives[0]'],
    [{ objectives: [] }, 'objectives'],
    [
      {
        objectives: [
          { name: 'a', targetRatio: 0.9 },
          { name: 'a', targetRatio: 0.8 },
        ],
      },
      'objectives',
    ],
    [{ objectives: [{ name: '', targetRatio: 0.9 }] }, 'objectives[0].name'],
    [{ objectives: [{ name: 'a', targetRatio: 1 }] }, 'objectives[0].targetRatio'],
    [{ objectives: [{ name: 'a', targetRatio: 0 }] }, 'objectives[0].targetRatio'],
    [{ objectives: [{ name: 'a', targetRatio: 0.9, thresholdMs: -1 }] }, 'objectives[0].thresholdMs'],
    [{ objectives: [{ name: 'a', targetRatio: 0.9, window: '7d' as never }] }, 'objectives[0].window'],
    [{ rejected: 'good' as never }, 'rejected'],
    [{ minEvents: 0 }, 'minEvents'],
    [{ clock: {} as never }, 'clock'],
  ] satisfies [SlaOptions, string][])('refuses %j', (options, option) => {
    expect(() => new SlaTracker(options)).toThrow(expect.objectContaining({ option }));
  });
});
