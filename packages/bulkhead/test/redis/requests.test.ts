import { RedisBulkhead, type RedisBulkheadEvent, type RedisClient } from '@holdfast/bulkhead/redis';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

/** What a process says to Redis, and how Redis answers. */
interface Request {
  readonly returned: readonly string[];
  readonly kept: readonly string[];
  readonly asked: readonly string[];
  grant(count?: number, lost?: number): Promise<void>;
  fail(): Promise<void>;
}

/** A client whose answers the test gives. */
class Exchange implements RedisClient {
  readonly requests: Request[] = [];

  evalsha(...[, , , , , , , , , ...rest]: readonly unknown[]): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    const [returned, kept, asked] = rest.slice(0, 3).map(Number) as [number, number, number];
    const ids = rest.slice(3) as string[];
    this.requests.push({
      returned: ids.slice(0, returned),
      kept: ids.slice(returned, returned + kept),
      asked: ids.slice(-asked || ids.length),
      grant: (count = asked, lost = 0) => (answer.resolve([count, lost]), settle()),
      fail: () => (answer.reject(new Error('down')), settle()),
    });
    return answer.promise;
  }

  eval(): Promise<unknown> {
    return Promise.reject(new Error('the script is known'));
  }

  /** The last request. */
  get last(): Request {
    return this.requests.at(-1) as Request;
  }
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, settle().then(() => pending)])) !== pending;
}

describe('what a RedisBulkhead says', () => {
  it('when disposed: that all is given back, before the disposal is over', async () => {
    const redis = new Exchange();
    const bulkhead = new RedisBulkhead(redis, { name: 'jobs', limit: 2, clock: new ManualClock() });
    const acquiring = [bulkhead.acquire(), bulkhead.acquire()];
    await settle();
    await redis.last.grant();
    const [first, second] = await Promise.all(acquiring);
    first?.release();
    await settle();
    expect(redis.last.returned).toHaveLength(1);

    const disposed = bulkhead[Symbol.asyncDispose]();
    second?.release();
    await redis.last.grant();

    expect(redis.requests).toHaveLength(3);
    expect(redis.last.returned).toHaveLength(1);
    expect(await isSettled(disposed)).toBe(false);
    await redis.last.grant();
    expect(await isSettled(disposed)).toBe(true);
    expect(redis.requests).toHaveLength(3);
  });

  it('when disposed after an outage that it does not know to be over: that all is given back', async () => {
    const clock = new ManualClock();
    const redis = new Exchange();
    const bulkhead = new RedisBulkhead(redis, { name: 'jobs', limit: 2, clock });
    const acquiring = bulkhead.acquire();
    await settle();
    const [lease] = redis.last.asked;
    await redis.last.grant();
    const permit = await acquiring;
    await clock.advance(4_000);
    await redis.last.fail();
    permit.release();

    const disposed = bulkhead[Symbol.asyncDispose]();
    await settle();

    expect(redis.last.returned).toEqual([lease]);
    await redis.last.fail();
    await disposed;
    expect(clock.pending()).toBe(0);
  });

  it('after an outage: at once, that an operation began while it asked, which has lost no lease', async () => {
    const clock = new ManualClock();
    const redis = new Exchange();
    const events: RedisBulkheadEvent['type'][] = [];
    const bulkhead = new RedisBulkhead(redis, { name: 'jobs', limit: 4, clock });
    bulkhead.events.subscribe(({ type }) => events.push(type));
    const acquiring = bulkhead.acquire();
    await settle();
    await redis.last.fail();
    await acquiring;
    await clock.advance(1_000);
    expect(redis.last.kept).toHaveLength(1);
    bulkhead.tryAcquire();

    await redis.last.grant(0, 1);

    expect(redis.requests).toHaveLength(3);
    expect(redis.last.kept).toHaveLength(2);
    await redis.last.grant(0, 1);
    expect(events.filter((type) => type !== 'queued')).toEqual(['went-local', 'went-shared']);
  });
});

describe('the share of a RedisBulkhead while Redis is down', () => {
  it.each([
    [525, 1 / 75, 7],
    [50, 0.14, 7],
    [5, 0.1, 1],
    [3, 1, 3],
  ])('of %i, %f, is %i', async (limit, localShareRatio, share) => {
    const redis = new Exchange();
    const options = { name: 'jobs', limit, localShareRatio, clock: new ManualClock() };
    const bulkhead = new RedisBulkhead(redis, options);
    void bulkhead.acquire();
    await settle();

    await redis.last.fail();

    expect(bulkhead.limit).toBe(share);
  });
});
