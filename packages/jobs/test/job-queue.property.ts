import { ManualClock } from '@holdfast/core/testing';
import { type IJob, type IJobQueue, type Lease, NonRetryableError, RetryAfterError } from '@holdfast/jobs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { engines } from './engines.ts';
import { NaiveJobQueue } from './model/naive-job-queue.ts';

const [leaseMs, maxStalls] = [1_000, 1];

const job = fc.record({
  type: fc.constant('a'),
  priority: fc.constantFrom('critical', 'high', 'normal', 'low'),
  delayMs: fc.constantFrom(0, 0, 300, 2_000),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  idempotencyKey: fc.constantFrom(undefined, undefined, 'k', 'l'),
  idempotencyTtlMs: fc.constantFrom(500, 5_000),
});
const pick = fc.nat(1_000);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('enqueue' as const), job }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('claim' as const), max: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('complete' as const), pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      pick,
      wait: fc.constantFrom(0, 700, 'never' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('heartbeat' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redrive' as const), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 400, 1_000, 1_100) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const caught = (error: { code?: string }): string =>
  error.code === 'ERR_LEASE_LOST' ? 'lost' : `${error.code}`;

/** Does each step on both queues and gives both answers. */
class Comparison {
  readonly #ids: string[] = [];
  readonly #leases: Lease[] = [{ id: 'unknown', token: 1 }];
  readonly #queue: IJobQueue;
  readonly #naive = new NaiveJobQueue(leaseMs, maxStalls);
  readonly #clock: ManualClock;

  constructor(queue: IJobQueue, clock: ManualClock) {
    this.#queue = queue;
    this.#clock = clock;
  }

  async answers(each: Step): Promise<readonly [unknown, unknown]> {
    const now = this.#clock.epoch();
    switch (each.do) {
      case 'enqueue': {
        const { id } = await this.#queue.enqueue(each.job);
        if (!this.#ids.includes(id)) this.#ids.push(id);
        const fresh = this.#naive.count;
        return [this.#ids.indexOf(id), this.#naive.enqueue(fresh, each.job, now)];
      }
      case 'claim': {
        const claimed = await this.#queue.claim({ max: each.max });
        this.#leases.push(...claimed);
        const named = claimed.map(({ id, token }) => ({ name: this.#ids.indexOf(id), token }));
        return [named, this.#naive.claim(each.max, now)];
      }
      case 'wait':
        await this.#clock.advance(each.ms);
        return [undefined, undefined];
      case 'cancel':
        return [await this.#queue.cancel(this.#id(each.pick)), this.#naive.cancel(this.#name(each.pick))];
      case 'redrive':
        return [
          await this.#queue.redrive(this.#id(each.pick)),
          this.#naive.redrive(this.#name(each.pick), now),
        ];
      case 'complete':
      case 'release':
      case 'heartbeat':
      case 'fail':
        return this.#settle(each, now);
    }
  }

  async #settle(
    each: Extract<Step, { do: 'complete' | 'fail' | 'heartbeat' | 'release' }>,
    now: number,
  ): Promise<readonly [unknown, unknown]> {
    const lease = this.#leases[each.pick % this.#leases.length] as Lease;
    const name = this.#ids.indexOf(lease.id);
    switch (each.do) {
      case 'complete':
        return [await this.#queue.complete(lease).catch(caught), this.#naive.complete(name, lease.token)];
      case 'release':
        return [await this.#queue.release(lease).catch(caught), this.#naive.release(name, lease.token)];
      case 'heartbeat': {
        const beat = this.#queue.heartbeat(lease).then(({ cancelRequested }) => cancelRequested, caught);
        return [await beat, this.#naive.heartbeat(name, lease.token, now)];
      }
      case 'fail': {
        const error = each.wait === 'never' ? new NonRetryableError('no') : new RetryAfterError(each.wait);
        const state = await this.#queue.fail(lease, error).catch(caught);
        return [state, this.#naive.fail(name, lease.token, each.wait, now)];
      }
    }
  }

  /** Every job, as both have it. */
  async jobs(): Promise<readonly [readonly unknown[], readonly unknown[]]> {
    const found = await Promise.all(this.#ids.map((id) => this.#queue.get(id)));
    const facts = found.map((one) => {
      const { state, runAt, attempts, stalls, cancelRequested } = one as IJob;
      return { state, runAt, attempts, stalls, cancelRequested };
    });
    return [facts, this.#ids.map((_, name) => this.#naive.look(name))];
  }

  #id(at: number): string {
    return this.#ids[at % Math.max(this.#ids.length, 1)] ?? 'unknown';
  }

  #name(at: number): number {
    return this.#ids.indexOf(this.#id(at));
  }
}

describe.each(engines)('IJobQueue in $name', ({ store, name }) => {
  it('does what the naive queue does, whatever is asked of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        using place = store();
        const clock = new ManualClock();
        const queue = place.open({ clock, leaseMs, maxStalls, random: () => 0.5 });
        const comparison = new Comparison(queue, clock);

        for (const each of steps) {
          const [answer, expected] = await comparison.answers(each);
          expect(answer).toEqual(expected);
        }

        const [jobs, expected] = await comparison.jobs();
        expect(jobs).toEqual(expected);
        const counts = Object.values(await queue.counts()) as number[];
        expect(counts.reduce((sum, count) => sum + count)).toBe(jobs.length);
      }),
      { numRuns: name === 'memory' ? 300 : 40 },
    );
  });

  it('brings every job to an end in a bounded number of claims, however its attempts go', async () => {
    const fates = fc.array(fc.constantFrom('complete', 'fail', 'stall'), { minLength: 40, maxLength: 40 });

    await fc.assert(
      fc.asyncProperty(fates, fc.integer({ min: 1, max: 4 }), async (list, maxAttempts) => {
        using place = store();
        const clock = new ManualClock();
        const queue = place.open({ clock, leaseMs, maxStalls: 3 });
        const { id } = await queue.enqueue({ type: 'a', maxAttempts });
        let claims = 0;

        for (const fate of list) {
          await clock.advance(3_600_000);
          const [claimed] = await queue.claim();
          // A stall that cost an attempt is noticed by the claim, and then waits for its backoff.
          if (claimed === undefined) continue;
          claims += 1;
          expect(claimed.attempts).toBeLessThanOrEqual(maxAttempts);
          if (fate === 'complete') await queue.complete(claimed);
          if (fate === 'fail') await queue.fail(claimed, new Error('no'));
        }

        expect(claims).toBeLessThanOrEqual(maxAttempts + 3);
        expect(['completed', 'dead']).toContain((await queue.get(id))?.state);
      }),
      { numRuns: name === 'memory' ? 200 : 20 },
    );
  });
});
