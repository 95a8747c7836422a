import { Bulkhead } from '@holdfast/bulkhead';
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { EventHub, Execution, HoldfastError, type Operation } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { type Pipeline, pipeline, type RateLimitPart } from '@holdfast/resilience';
import { describe, expect, it } from 'vitest';

class Limited extends HoldfastError {
  readonly code = 'ERR_RATE_LIMITED';
}

/** Refuses the first call only. */
class StrictAtFirst implements RateLimitPart {
  readonly name = 'strict at first';
  readonly events = new EventHub<never>();
  #asked = 0;

  async execute<T>(operation: Operation<T>): Promise<T> {
    this.#asked += 1;
    if (this.#asked === 1) throw new Limited('too many');
    return operation(new Execution());
  }
}

/** A service that has one slot, and whose circuit admits one trial call. */
interface Recovering {
  readonly clock: ManualClock;
  readonly breaker: CircuitBreaker;
  readonly bulkhead: Bulkhead;
  readonly service: Pipeline;
  readonly strict: Pipeline;
}

async function recovering(): Promise<Recovering> {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({
    window: { calls: 1 },
    failureRatio: 1,
    openForMs: 1_000,
    jitterRatio: 0,
    halfOpen: { calls: 1 },
    clock,
  });
  const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1, clock });
  const service = pipeline('service', { clock, breaker, bulkhead });
  const strict = pipeline('strict', { clock, breaker, bulkhead, rateLimit: new StrictAtFirst() });
  await service.execute(() => Promise.reject(new Error('down'))).catch(() => {});
  await clock.advance(1_000);
  return { clock, breaker, bulkhead, service, strict };
}

const never = (): Promise<never> => new Promise(() => {});

type Refusal = (site: Recovering) => Promise<unknown>;

const refusals: readonly (readonly [string, Refusal, unknown])[] = [
  ['the rate limit refuses', ({ strict }) => strict.execute(() => 'value'), { code: 'ERR_RATE_LIMITED' }],
  [
    'the bulkhead is full',
    async ({ service, bulkhead }) => {
      const slot = bulkhead.tryAcquire();
      const queued = bulkhead.acquire();
      const outcome = await service.execute(() => 'value').catch((error: unknown) => error);
      slot?.release();
      (await queued).release();
      throw outcome;
    },
    { code: 'ERR_BULKHEAD_FULL' },
  ],
  [
    'the caller leaves the queue',
    async ({ service, bulkhead }) => {
      using _ = bulkhead.tryAcquire();
      const caller = new AbortController();
      const call = service.execute(() => 'value', caller);
      caller.abort(new Error('gone'));
      await call;
    },
    { message: 'gone' },
  ],
  [
    'the deadline passes in the queue',
    async ({ service, bulkhead, clock }) => {
      using _ = bulkhead.tryAcquire();
      const call = service.execute(() => 'value', { deadlineMs: 10 });
      const outcome = call.catch((error: unknown) => error);
      await clock.advance(10);
      throw await outcome;
    },
    { code: 'ERR_DEADLINE_EXCEEDED' },
  ],
  [
    'the circuit is opened while the call is in the queue',
    async ({ service, bulkhead, breaker }) => {
      const slot = bulkhead.tryAcquire();
      const call = service.execute(() => 'value');
      using _ = breaker.isolate();
      slot?.release();
      await call;
    },
    { code: 'ERR_CIRCUIT_OPEN' },
  ],
  [
    'the trial call is given to another while this one is in the queue',
    async ({ service, bulkhead, breaker }) => {
      const slot = bulkhead.tryAcquire();
      const call = service.execute(() => 'value');
      const trial = breaker.execute(settle);
      slot?.release();
      const outcome = await call.catch((error: unknown) => error);
      await trial;
      throw outcome;
    },
    { code: 'ERR_CIRCUIT_OPEN' },
  ],
];

describe('what a refused attempt gives back', () => {
  it.each(refusals)('PI-02: is all that it had taken, when %s', async (_, refuse, error) => {
    const site = await recovering();
    const { breaker, bulkhead, service } = site;

    await expect(refuse(site)).rejects.toMatchObject(error as object);
    await settle();

    expect([bulkhead.running, bulkhead.queued]).toEqual([0, 0]);
    expect(await service.execute(() => 'the slot and the trial call are free')).toMatch('free');
    expect(breaker.state).toBe('closed');
    // Given back once, not more often: there is still one slot.
    service.execute(never).catch(() => {});
    service.execute(never).catch(() => {});
    expect([bulkhead.running, bulkhead.queued]).toEqual([1, 1]);
  });
});
