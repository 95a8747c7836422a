import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import {
  AlertManager,
  type AlertRule,
  breakerOpen,
  budgetBurning,
  bulkheadSaturated,
  cacheHitRatioLow,
  degraded,
} from '@holdfast/metrics/alerts';
import { SlaTracker } from '@holdfast/metrics/sla';

const minute = 60_000;

/** Runs rules on a clock and tells what fires. */
function watch(clock: ManualClock, rules: readonly AlertRule[]): () => readonly string[] {
  const manager = new AlertManager({ clock, rules });
  return () => {
    manager.evaluate();
    return manager.active().flatMap(({ rule, state }) => (state === 'firing' ? [rule] : []));
  };
}

describe('breakerOpen', () => {
  it('fires once a breaker has not been closed for a minute, whatever it tries meanwhile', async () => {
    const clock = new ManualClock();
    let state = 'closed';
    const firing = watch(clock, [breakerOpen({ name: 'billing', statistics: () => ({ state }) })]);
    const seen = [firing()];
    for (const next of ['open', 'half-open', 'open', 'closed']) {
      state = next;
      seen.push(firing());
      await clock.advance(minute / 2);
    }

    expect(seen).toEqual([[], [], [], ['billing breaker open'], []]);
  });
});

describe('bulkheadSaturated', () => {
  it('fires at 90 % for a minute and stops under 75 %', async () => {
    const clock = new ManualClock();
    let running = 9;
    const bulkhead = { name: 'db', statistics: () => ({ running, limit: 10 }) };
    const firing = watch(clock, [bulkheadSaturated(bulkhead)]);
    const seen = [firing()];
    for (const next of [9, 8, 7]) {
      await clock.advance(minute);
      running = next;
      seen.push(firing());
    }

    expect(seen).toEqual([[], ['db bulkhead saturated'], ['db bulkhead saturated'], []]);
  });

  it('says nothing about a bulkhead that lets nothing through', () => {
    expect(
      bulkheadSaturated({ name: 'a', statistics: () => ({ running: 0, limit: 0 }) }).evaluate(),
    ).toBeUndefined();
  });
});

describe('degraded', () => {
  it('fires from reduced on', () => {
    let level = 0;
    const firing = watch(new ManualClock(), [degraded({ name: 'svc', statistics: () => ({ level }) })]);
    const seen = [0, 1, 2, 0].map((next) => {
      level = next;
      return firing().length;
    });

    expect(seen).toEqual([0, 1, 1, 0]);
  });
});

describe('cacheHitRatioLow', () => {
  const none = { l1Hit: 0, l2Hit: 0, l3Hit: 0, staleHit: 0, loaded: 0, miss: 0, error: 0 };

  it('judges what came since the last batch, and only full batches', () => {
    const lookups = { ...none, l1Hit: 1_000 };
    const rule = cacheHitRatioLow({ name: 'users', statistics: () => ({ lookups }) }, { minLookups: 100 });
    const after = (more: Partial<typeof none>): number | undefined => {
      for (const key of Object.keys(more) as (keyof typeof none)[]) lookups[key] += more[key] ?? 0;
      return rule.evaluate();
    };

    expect([
      after({}),
      after({ loaded: 99 }),
      after({ l2Hit: 100, staleHit: 1 }),
      after({ miss: 50 }),
      after({ l3Hit: 20, error: 30 }),
    ]).toEqual([undefined, undefined, 101 / 200, 101 / 200, 0.2]);
  });

  it('judges nothing once a batch takes longer than maxBatchMs, and begins afresh', async () => {
    const clock = new ManualClock();
    const lookups = { ...none };
    const rule = cacheHitRatioLow(
      { name: 'users', statistics: () => ({ lookups }) },
      { minLookups: 100, maxBatchMs: 10 * minute, clock },
    );
    const after = async (ms: number, loaded: number, l1Hit = 0): Promise<number | undefined> => {
      await clock.advance(ms);
      lookups.loaded += loaded;
      lookups.l1Hit += l1Hit;
      return rule.evaluate();
    };

    expect([
      await after(minute, 100),
      await after(9 * minute, 60),
      await after(minute, 0),
      await after(minute, 40, 40),
      await after(minute, 0, 20),
    ]).toEqual([0, 0, undefined, undefined, 0.6]);
  });

  it('stops firing when the traffic does', async () => {
    const clock = new ManualClock();
    const lookups = { ...none };
    const cache = { name: 'users', statistics: () => ({ lookups }) };
    const firing = watch(clock, [cacheHitRatioLow(cache, { clock })]);
    lookups.loaded = 500;
    const seen = [firing()];
    for (const pause of [5, 5, 5]) {
      await clock.advance(pause * minute);
      seen.push(firing());
    }

    expect(seen).toEqual([[], ['users cache hit ratio low'], ['users cache hit ratio low'], []]);
  });

  it.each([
    [{ minLookups: 0 }, 'minLookups'],
    [{ maxBatchMs: 0 }, 'maxBatchMs'],
    [{ clock: {} as never }, 'clock'],
  ])('refuses %j', (overrides, option) => {
    const cache = { name: 'users', statistics: () => ({ lookups: none }) };

    expect(() => cacheHitRatioLow(cache, overrides)).toThrow(expect.objectContaining({ option }));
  });

  it('fires under 70 % for 5 minutes', async () => {
    const clock = new ManualClock();
    const lookups = { ...none };
    const firing = watch(clock, [cacheHitRatioLow({ name: 'users', statistics: () => ({ lookups }) })]);
    const seen: (readonly string[])[] = [];
    for (const l1Hit of [400, 349, 349, 351]) {
      lookups.l1Hit += l1Hit;
      lookups.loaded += 500 - l1Hit;
      seen.push(firing());
      await clock.advance(5 * minute);
    }

    expect(seen).toEqual([[], [], ['users cache hit ratio low'], []]);
  });
});

describe('budgetBurning', () => {
  function burning(clock: ManualClock): {
    readonly tracker: SlaTracker;
    readonly firing: () => readonly string[];
  } {
    const tracker = new SlaTracker({ clock, objectives: [{ name: 'up', targetRatio: 0.99 }] });
    return { tracker, firing: watch(clock, budgetBurning(tracker, 'up')) };
  }

  const record = (tracker: SlaTracker, good: number, bad: number): void => {
    for (let event = 0; event < good; event += 1) tracker.record({ durationMs: 1, outcome: 'success' });
    for (let event = 0; event < bad; event += 1) tracker.record({ durationMs: 1, outcome: 'failure' });
  };

  it('fires by how fast the budget burns over both windows', () => {
    const clock = new ManualClock();
    const { tracker, firing } = burning(clock);

    record(tracker, 950, 50);
    expect(firing()).toEqual(['sla up burns 3x over 1d', 'sla up burns 1x over 3d']);
    record(tracker, 0, 150);
    expect(firing()).toHaveLength(4);
  });

  it('stops soon after the errors do, because the short window does', async () => {
    const clock = new ManualClock();
    const { tracker, firing } = burning(clock);
    record(tracker, 0, 200);
    expect(firing()).toContain('sla up burns 14.4x over 1h');

    await clock.advance(6 * minute);
    record(tracker, 20, 0);

    expect(tracker.window('up', '1h').burnRate).toBeGreaterThan(14.4);
    expect(firing()).not.toContain('sla up burns 14.4x over 1h');
  });

  it('stays quiet on few events', () => {
    const clock = new ManualClock();
    const { tracker, firing } = burning(clock);

    record(tracker, 19, 1);

    expect(firing()).toEqual([]);
  });

  it('refuses an objective that there is not, at once', () => {
    expect(() => budgetBurning(new SlaTracker(), 'speed')).toThrow(/objective must be/);
  });
});

describe('rule overrides', () => {
  it('replace what is said, and the clear threshold with the threshold', () => {
    const bulkhead = { name: 'db', statistics: () => ({ running: 0, limit: 1 }) };

    expect(
      bulkheadSaturated(bulkhead, { threshold: 0.5, severity: 'critical', name: 'full', forMs: 0 }),
    ).toMatchObject({
      name: 'full',
      severity: 'critical',
      threshold: 0.5,
      clearThreshold: undefined,
      forMs: 0,
      summary: 'db has hardly a slot left',
    });
    expect(
      bulkheadSaturated(bulkhead, { keepFiringForMs: 5, summary: 'x', clearThreshold: 0.8 }),
    ).toMatchObject({
      threshold: 0.9,
      clearThreshold: 0.8,
      keepFiringForMs: 5,
      summary: 'x',
    });
  });
});
