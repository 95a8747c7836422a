import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import {
  type AlertEvent,
  AlertManager,
  type AlertManagerOptions,
  type AlertRule,
} from '@holdfast/metrics/alerts';
import { Metrics } from '@holdfast/metrics';
import { valuesOf } from './model/readings.ts';

/** A manager with one rule, whose value the test sets. */
function setUp(rule: Partial<AlertRule> = {}): {
  readonly clock: ManualClock;
  readonly manager: AlertManager;
  readonly events: AlertEvent[];
  readonly at: (value: number | undefined | Error, afterMs?: number) => Promise<string | undefined>;
} {
  const clock = new ManualClock(1_000_000);
  let value: number | undefined | Error;
  const evaluate = (): number | undefined => {
    if (value instanceof Error) throw value;
    return value;
  };
  const manager = new AlertManager({
    clock,
    rules: [{ name: 'hot', severity: 'warning', threshold: 10, ...rule, evaluate }],
  });
  const events: AlertEvent[] = [];
  manager.events.subscribe((event) => events.push(event));
  const at = async (next: number | undefined | Error, afterMs = 0): Promise<string | undefined> => {
    await clock.advance(afterMs);
    value = next;
    manager.evaluate();
    return manager.alerts()[0]?.state;
  };
  return { clock, manager, events, at };
}

describe('AlertManager', () => {
  it('fires at the threshold and resolves below it', async () => {
    const { at, events } = setUp();

    expect([await at(9.9), await at(10), await at(10), await at(9.9), await at(0)]).toEqual([
      'inactive',
      'firing',
      'firing',
      'resolved',
      'resolved',
    ]);
    expect(events.map(({ type }) => type)).toEqual(['fired', 'resolved']);
  });

  it('fires at or below the threshold if that is the bad side', async () => {
    const { at } = setUp({ bad: 'below', threshold: 0.7, clearThreshold: 0.8 });

    expect([await at(0.71), await at(0.7), await at(0.8), await at(0.81)]).toEqual([
      'inactive',
      'firing',
      'firing',
      'resolved',
    ]);
  });

  it('waits for forMs and starts over when the condition breaks', async () => {
    const { at } = setUp({ forMs: 60_000 });

    expect([
      await at(10),
      await at(10, 59_999),
      await at(0, 0),
      await at(10),
      await at(10, 59_999),
      await at(10, 1),
    ]).toEqual(['pending', 'pending', 'inactive', 'pending', 'pending', 'firing']);
  });

  it('keeps firing between threshold and clear threshold, but does not begin to', async () => {
    const { at } = setUp({ clearThreshold: 5 });

    expect([await at(7), await at(10), await at(7), await at(5), await at(4.9), await at(7)]).toEqual([
      'inactive',
      'firing',
      'firing',
      'firing',
      'resolved',
      'resolved',
    ]);
  });

  it('keeps firing for keepFiringForMs, through breaks', async () => {
    const { at, events } = setUp({ keepFiringForMs: 30_000 });

    expect([
      await at(10),
      await at(0),
      await at(0, 29_999),
      await at(10),
      await at(0),
      await at(0, 29_999),
      await at(0, 1),
    ]).toEqual(['firing', 'firing', 'firing', 'firing', 'firing', 'firing', 'resolved']);
    expect(events).toHaveLength(2);
  });

  it.each([undefined, Number.NaN])('takes %s for nothing to judge', async (nothing) => {
    const { at, manager } = setUp();

    expect([await at(nothing), await at(10), await at(nothing)]).toEqual(['inactive', 'firing', 'resolved']);
    expect(manager.alerts()[0]?.value).toBeUndefined();
  });

  it('tells an alert whole', async () => {
    const { at, events, clock } = setUp({ forMs: 1_000, summary: 'It is hot' });
    await at(11);
    await at(12, 1_000);
    clock.shiftEpoch(-500_000);
    await at(3, 2_000);

    expect(events).toEqual([
      {
        type: 'fired',
        alert: {
          rule: 'hot',
          severity: 'warning',
          summary: 'It is hot',
          state: 'firing',
          threshold: 10,
          value: 12,
          activeAt: 1_000_000,
          firedAt: 1_001_000,
          health: 'ok',
        },
      },
      {
        type: 'resolved',
        alert: expect.objectContaining({
          state: 'resolved',
          value: 3,
          firedAt: 1_001_000,
          resolvedAt: 503_000,
        }),
      },
    ]);
  });

  it('leaves an alert as it is while its rule throws, and says so once', async () => {
    const { at, manager, events } = setUp();
    await at(10);
    const error = new Error('no such table');

    expect([await at(error), await at(error, 60_000)]).toEqual(['firing', 'firing']);
    expect(manager.alerts()[0]).toMatchObject({ health: 'error', error: 'no such table', state: 'firing' });
    expect(await at(10)).toBe('firing');
    expect(manager.alerts()[0]).toMatchObject({ health: 'ok', error: undefined });
    expect(events.slice(1)).toEqual([
      { type: 'failed', rule: 'hot', error },
      { type: 'recovered', rule: 'hot' },
    ]);
  });

  it.each([
    ['resolves', async () => 99],
    ['rejects', () => Promise.reject(new Error('gone'))],
  ])('takes a promise that %s for a rule that does not work, instead of for good news', (_, promise) => {
    const asynchronous = promise as unknown as () => number;
    const manager = new AlertManager({
      rules: [{ name: 'slow', severity: 'info', threshold: 1, evaluate: asynchronous }],
    });

    manager.evaluate();

    const error = 'evaluate() of slow must be a number or undefined, got an object';
    expect(manager.alerts()).toMatchObject([{ health: 'error', error }]);
  });

  it('asks a rule as the method of the object that it was given', () => {
    class Heat implements AlertRule {
      readonly name = 'heat';
      readonly severity = 'info';
      readonly threshold = 1;
      readonly #degrees = 20;

      evaluate(): number {
        return this.#degrees;
      }
    }
    const manager = new AlertManager({ rules: [new Heat()] });

    manager.evaluate();

    expect(manager.alerts()).toMatchObject([{ health: 'ok', state: 'firing', value: 20 }]);
  });

  it('evaluates every other rule when one throws', () => {
    const manager = new AlertManager({
      rules: [
        {
          name: 'broken',
          severity: 'info',
          threshold: 0,
          evaluate: () => {
            throw new Error('gone');
          },
        },
        { name: 'whole', severity: 'info', threshold: 0, evaluate: () => 1 },
      ],
    });

    manager.evaluate();

    expect(manager.active().map(({ rule }) => rule)).toEqual(['whole']);
    expect(manager.alerts().map(({ health }) => health)).toEqual(['error', 'ok']);
  });

  it('evaluates every other rule when one throws what has no text', () => {
    const manager = new AlertManager({
      rules: [
        {
          name: 'broken',
          severity: 'info',
          threshold: 0,
          evaluate: () => {
            throw Object.create(null);
          },
        },
        { name: 'whole', severity: 'info', threshold: 0, evaluate: () => 1 },
      ],
    });

    manager.evaluate();

    expect(manager.active().map(({ rule }) => rule)).toEqual(['whole']);
    expect(manager.alerts()[0]).toMatchObject({ health: 'error', error: 'what has no text' });
  });

  it('lists what is pending or firing', async () => {
    const { at, manager } = setUp({ forMs: 10 });
    const counts: number[] = [];
    for (const value of [0, 10, 10, 0]) {
      await at(value, 10);
      counts.push(manager.active().length);
    }

    expect(counts).toEqual([0, 1, 1, 0]);
  });

  it('remembers the last 200 transitions', async () => {
    const { at, manager } = setUp();
    for (let round = 0; round < 150; round += 1) {
      await at(10, 1);
      await at(0, 1);
    }

    const history = manager.history();
    expect(history).toHaveLength(200);
    expect(history[0]).toEqual({
      at: 1_000_101,
      rule: 'hot',
      severity: 'warning',
      from: 'resolved',
      to: 'firing',
      value: 10,
    });
    expect(history.at(-1)).toMatchObject({ at: 1_000_300, from: 'firing', to: 'resolved' });
  });

  it('evaluates by itself only between start and disposal, in the background', async () => {
    const clock = new ManualClock();
    let evaluations = 0;
    const evaluate = (): number => (evaluations += 1);
    const manager = new AlertManager({
      clock,
      intervalMs: 1_000,
      rules: [{ name: 'a', severity: 'info', threshold: 0, evaluate }],
    });
    expect(clock.pending()).toBe(0);

    const running = manager.start();
    manager.start();
    await clock.advance(2_000);
    expect(evaluations).toBe(3);
    expect([clock.pending('background'), clock.pending('foreground')]).toEqual([1, 0]);

    running[Symbol.dispose]();
    await clock.advance(5_000);
    expect([evaluations, clock.pending()]).toEqual([3, 0]);

    manager.start();
    expect(evaluations).toBe(4);
  });

  it('shows in metrics', async () => {
    const { at, manager } = setUp({ forMs: 5 });
    const metrics = new Metrics();
    metrics.bind(manager);
    const names = 'alertname=hot,severity=warning';
    expect(valuesOf(metrics, 'resilience_alerts')).toEqual({
      [`${names},state=pending`]: 0,
      [`${names},state=firing`]: 0,
    });

    await at(10);
    await at(10, 5);

    expect(valuesOf(metrics, 'resilience_alerts')).toEqual({
      [`${names},state=pending`]: 0,
      [`${names},state=firing`]: 1,
    });
    expect(valuesOf(metrics, 'resilience_alert_transitions_total')).toEqual({
      [`${names},to=pending`]: 1,
      [`${names},to=firing`]: 1,
      [`${names},to=resolved`]: 0,
    });
  });

  const rule: AlertRule = { name: 'a', severity: 'info', threshold: 1, evaluate: () => 1 };
  it.each([
    [{ rules: [], name: '' }, 'name'],
    [{ rules: [], intervalMs: 0 }, 'intervalMs'],
    [{ rules: [], clock: {} as never }, 'clock'],
    [{ rules: [rule, rule] }, 'rules'],
    [{ rules: 7 as never }, 'rules'],
    [{ rules: [null as never] }, 'rules[0]'],
    [{ rules: [{ ...rule, name: '' }] }, 'rules[0].name'],
    [{ rules: [{ ...rule, severity: 'bad' as never }] }, 'rules[0].severity'],
    [{ rules: [{ ...rule, threshold: Number.NaN }] }, 'rules[0].threshold'],
    [{ rules: [{ ...rule, clearThreshold: 2 }] }, 'rules[0].clearThreshold'],
    [{ rules: [{ ...rule, bad: 'below', clearThreshold: 0 }] }, 'rules[0].clearThreshold'],
    [{ rules: [{ ...rule, bad: 'beside' as never }] }, 'rules[0].bad'],
    [{ rules: [{ ...rule, forMs: -1 }] }, 'rules[0].forMs'],
    [{ rules: [{ ...rule, keepFiringForMs: Number.NaN }] }, 'rules[0].keepFiringForMs'],
    [{ rules: [{ ...rule, evaluate: 1 as never }] }, 'rules[0]'],
  ] satisfies [AlertManagerOptions, string][])('refuses %j', (options, option) => {
    expect(() => new AlertManager(options)).toThrow(expect.objectContaining({ option }));
  });
});
