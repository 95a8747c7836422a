import { Bulkhead, type BulkheadEvent, type BulkheadOptions } from '@holdfast/bulkhead';
import { HoldfastError } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { type Phase, type PhaseResult, simulate } from '../simulation/simulation.ts';

class LateError extends HoldfastError {
  override readonly name = 'LateError';
  readonly code = 'ERR_TIMEOUT';
}

/** A bulkhead that finds its limit, with 100 ms and 10 answers to a window, and a clock to drive it by. */
class Bench {
  readonly clock = new ManualClock();
  readonly bulkhead: Bulkhead;
  readonly limits: number[] = [];

  constructor(
    limit: BulkheadOptions['limit'] = { initial: 10 },
    options?: Pick<BulkheadOptions, 'maxQueued' | 'isOverload'>,
  ) {
    const auto = typeof limit === 'object' ? { windowMs: 100, minSamples: 10, ...limit } : limit;
    this.bulkhead = new Bulkhead({ limit: auto, clock: this.clock, ...options });
    this.bulkhead.events.subscribe((event: BulkheadEvent) => {
      if (event.type === 'resized') this.limits.push(event.limit);
    });
  }

  /** Waves of so many calls at once, each of which ends after so long, in the way that is said. */
  async waves(
    times: number,
    calls: number,
    tookMs: number,
    end: (index: number) => unknown = () => undefined,
  ): Promise<void> {
    for (let wave = 0; wave < times; wave += 1) {
      for (let index = 0; index < calls; index += 1) this.#call(tookMs, () => end(index));
      await this.clock.advance(tookMs);
      await settle();
    }
  }

  #call(tookMs: number, end: () => unknown): void {
    const operation = (): Promise<unknown> =>
      new Promise((resolve) => this.clock.schedule(() => resolve(undefined), tookMs)).then(end);
    this.bulkhead.execute(operation).catch(() => {});
  }
}

const fail = (error: Error) => (): never => {
  throw error;
};

describe('limit: auto, row by row', () => {
  it('AL-01: starts at 20 within its bounds, or where it is told to', () => {
    expect(new Bulkhead({ limit: 'auto' }).limit).toBe(20);
    expect(new Bulkhead({ limit: { max: 5 } }).limit).toBe(5);
    expect(new Bulkhead({ limit: { min: 50 } }).limit).toBe(50);
    expect(new Bulkhead({ limit: { initial: 7 } }).limit).toBe(7);
  });

  it.each([
    ['up', 1, 12],
    ['down', 8, 12],
  ])('AL-01: stays a whole number within its bounds, driven %s', async (_way, min, max) => {
    const bench = new Bench({ initial: 10, min, max });

    await bench.waves(10, 12, 100);
    await bench.waves(30, 12, 100, fail(new LateError('late')));
    await bench.waves(30, 12, 10);

    expect(bench.limits.length).toBeGreaterThan(2);
    expect(bench.limits.every((limit) => Number.isInteger(limit) && limit >= min && limit <= max)).toBe(true);
  });

  it.each([1, 4, 9])('AL-02: changes nothing while only %i of 10 slots are used', async (calls) => {
    const bench = new Bench();

    await bench.waves(100, calls, 20);
    await bench.clock.advance(3_600_000);
    await bench.waves(100, calls, 200);

    expect(bench.limits).toEqual([]);
  });

  it('AL-02: changes nothing any more once the limit is not reached any more', async () => {
    const bench = new Bench({ initial: 10, max: 10 });
    await bench.waves(20, 10, 20);
    await bench.waves(4, 4, 200);
    const before = [...bench.limits];
    expect(before).not.toEqual([]);

    await bench.waves(60, 4, 200);

    expect(bench.limits).toEqual(before);
  });

  it('AL-07: takes a fifth off when more than 5 % of the answers are signs of overload, once a window', async () => {
    const bench = new Bench({ initial: 40, minSamples: 20 });

    await bench.waves(1, 40, 50, (index) => (index < 3 ? fail(new LateError('late'))() : undefined));
    await bench.waves(1, 40, 50, (index) => (index < 3 ? fail(new LateError('late'))() : undefined));

    expect(bench.limits).toEqual([32]);
  });

  it('AL-07: bears 5 % of them', async () => {
    const bench = new Bench({ initial: 40, minSamples: 20 });

    await bench.waves(2, 20, 50, (index) => (index === 19 ? fail(new LateError('late'))() : undefined));

    expect(bench.limits).toEqual([]);
  });

  it('AL-07: asks isOverload, and lets the caller have the error of the operation even if that throws', async () => {
    const bench = new Bench({ initial: 20 }, { isOverload: (error) => error === 'too much' });

    await bench.waves(1, 20, 100, () => Promise.reject('too much'));
    expect(bench.limits).toEqual([16]);

    await bench.waves(4, 16, 100, () => Promise.reject(new LateError('late')));
    expect(bench.limits).toEqual([16]);
  });

  it('AL-08: learns nothing from errors, however fast they come', async () => {
    const bench = new Bench({ initial: 10 });

    await bench.waves(100, 10, 1, fail(new Error('refused')));
    await bench.waves(2, 10, 1_000);
    await bench.waves(100, 10, 1, fail(new Error('refused')));

    expect(bench.limits.length).toBeLessThanOrEqual(2);
  });

  it('AL-08: learns nothing from calls whose callers left, nor from those that never ran', async () => {
    const bench = new Bench({ initial: 10 }, { maxQueued: 10 });

    for (let wave = 0; wave < 100; wave += 1) {
      const controller = new AbortController();
      for (let call = 0; call < 30; call += 1)
        bench.bulkhead
          .execute(() => new Promise<void>((resolve) => bench.clock.schedule(resolve, 20)), controller)
          .catch(() => {});
      controller.abort();
      await bench.clock.advance(20);
    }

    expect(bench.limits).toEqual([]);
  });

  it('AL-08: learns from permits what their holders say', async () => {
    const bench = new Bench({ initial: 10 });
    const round = async (
      end: (permit: NonNullable<ReturnType<Bulkhead['tryAcquire']>>) => void,
    ): Promise<void> => {
      const permits = Array.from({ length: 10 }, () => bench.bulkhead.tryAcquire());
      await bench.clock.advance(100);
      for (const permit of permits) if (permit !== undefined) end(permit);
    };

    await round((permit) => permit[Symbol.dispose]());
    await round((permit) => permit.release());
    expect(bench.limits).toEqual([]);
    await round((permit) => permit.release('overload'));
    expect(bench.limits).toEqual([8]);
    await round((permit) => permit.release('success'));
    await round((permit) => permit.release('success'));
    expect(bench.limits.length).toBeGreaterThan(1);
  });

  it('AL-08: learns the same from permits as from operations', async () => {
    const [byCalls, byPermits] = [new Bench(), new Bench()];

    for (const [times, calls, tookMs] of [
      [10, 10, 100],
      [30, 40, 100],
      [10, 40, 400],
      [20, 40, 20],
    ] as const) {
      await byCalls.waves(times, calls, tookMs);
      for (let wave = 0; wave < times; wave += 1) {
        const permits = Array.from({ length: calls }, () => byPermits.bulkhead.tryAcquire());
        await byPermits.clock.advance(tookMs);
        for (const permit of permits) permit?.release('success');
      }
    }

    expect(byPermits.limits.length).toBeGreaterThan(5);
    expect(byPermits.limits).toEqual(byCalls.limits);
  });

  it('keeps a limit that was set by hand from then on', async () => {
    const bench = new Bench();

    bench.bulkhead.resize(6);
    await bench.waves(20, 20, 100);

    expect(bench.limits).toEqual([6]);
    expect(bench.bulkhead.limit).toBe(6);
  });
});

/** A limit that finds itself in front of a backend that works on so many at once. */
async function simulated(
  workers: number,
  seed: number,
  phases: readonly Phase[],
  log: 'kept' | 'per phase' = 'per phase',
): Promise<{ readonly results: readonly PhaseResult[]; readonly limits: readonly number[] }> {
  const limits: number[] = [];
  const results = await simulate({
    workers,
    seed,
    phases,
    policy: (clock) => {
      const bulkhead = new Bulkhead({ limit: 'auto', clock });
      bulkhead.events.subscribe((event) => event.type === 'resized' && limits.push(event.limit));
      return bulkhead;
    },
    observe: () => median(log === 'kept' ? limits : limits.splice(0)),
  });
  return { results, limits };
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
}

const unloadedMedianMs = 25 + 25 * Math.LN2;

describe.each([6, 20, 80])('limit: auto in front of a backend of %i', (workers) => {
  const seconds = workers === 80 ? 10 : 30;

  it('AL-04: settles at once to twice what is worked on, uses 95 % of it, and answers within twice the time', async () => {
    const { results } = await simulated(workers, 1, [
      { name: 'normal', seconds: 5, load: 0.5 },
      { name: 'settling', seconds: 12, load: 2 },
      { name: 'overload', seconds, load: 2 },
    ]);

    const { usedRatio, medianMs, observed } = results[2]!;
    expect(usedRatio).toBeGreaterThanOrEqual(0.95);
    expect(medianMs).toBeLessThanOrEqual(2 * unloadedMedianMs);
    expect(observed).toBeGreaterThanOrEqual(workers);
    expect(observed).toBeLessThanOrEqual(2 * workers);
  }, 60_000);

  it('AL-05: is after five minutes of overload where it was after one', async () => {
    const { results } = await simulated(workers, 2, [
      { name: 'settling', seconds: 40, load: workers === 80 ? 1.1 : 1.5 },
      { name: 'first', seconds: 20, load: workers === 80 ? 1.1 : 1.5 },
      { name: 'later', seconds: 220, load: workers === 80 ? 1.1 : 1.5 },
      { name: 'last', seconds: 20, load: workers === 80 ? 1.1 : 1.5 },
    ]);

    const [first, last] = [results[1]!.observed, results[3]!.observed];
    expect(Math.abs(last - first) / first).toBeLessThanOrEqual(0.2);
  }, 60_000);

  it('AL-06: answers 90 % within ten seconds after a minute in which the backend was four times slower', async () => {
    const { results } = await simulated(workers, 3, [
      { name: 'normal', seconds: 10, load: 0.5 },
      { name: 'slow', seconds: 60, load: 0.5, slowness: 4 },
      { name: 'recovering', seconds: 10, load: 0.5 },
      { name: 'recovered', seconds: 10, load: 0.5 },
    ]);

    expect(results[3]!.goodRatio).toBeGreaterThanOrEqual(0.9);
  }, 60_000);
});

describe('limit: auto over time', () => {
  it('AL-03: doubles from window to window while a fifth more is answered in each', async () => {
    const { limits } = await simulated(160, 1, [{ name: 'demand', seconds: 2, load: 0.9 }], 'kept');

    expect(limits.slice(0, 3)).toEqual([40, 80, 160]);
    expect(Math.max(...limits)).toBeLessThanOrEqual(320);
  });

  it('AL-09: asks less at most every ten seconds, for at most three windows, and only while the limit is reached', async () => {
    const halvings: number[] = [];
    let windows = 0;
    let longest = 0;
    await simulate({
      workers: 20,
      seed: 4,
      phases: [
        { name: 'overload', seconds: 60, load: 2 },
        { name: 'half', seconds: 60, load: 0.5 },
      ],
      policy: (clock) => {
        const bulkhead = new Bulkhead({ limit: 'auto', clock });
        bulkhead.events.subscribe((event) => {
          if (event.type !== 'resized') return;
          // Nothing but a probe halves the limit in front of a backend that stays the same.
          const isHalved = Math.abs(event.limit - event.previousLimit / 2) <= 1;
          windows = isHalved ? windows + 1 : 0;
          longest = Math.max(longest, windows);
          if (windows === 1) halvings.push(clock.now());
        });
        return bulkhead;
      },
    });

    expect(halvings.length).toBeGreaterThanOrEqual(4);
    expect(halvings.every((at, index) => at - (halvings[index - 1] ?? -Infinity) >= 10_000)).toBe(true);
    expect(Math.max(...halvings)).toBeLessThan(61_000);
    expect(longest).toBeLessThanOrEqual(3);
  }, 30_000);

  it('AL-10: takes the same way for the same seed', async () => {
    const trajectory = async (seed: number): Promise<readonly number[]> => {
      const limits: number[] = [];
      await simulate({
        workers: 20,
        seed,
        phases: [{ name: 'overload', seconds: 20, load: 2 }],
        policy: (clock) => {
          const bulkhead = new Bulkhead({ limit: 'auto', clock });
          bulkhead.events.subscribe((event) => event.type === 'resized' && limits.push(event.limit));
          return bulkhead;
        },
      });
      return limits;
    };

    const [once, again, other] = [await trajectory(5), await trajectory(5), await trajectory(6)];

    expect(once.length).toBeGreaterThan(10);
    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  }, 30_000);
});
