import { RedisBulkhead, type RedisBulkheadOptions, type RedisClient } from '@holdfast/bulkhead/redis';
import { ManualClock } from '@holdfast/core/testing';
import { type Redis } from 'ioredis';
import { describe, expect, expectTypeOf, it } from 'vitest';

/** A server that is never there. */
const down: RedisClient = {
  evalsha: () => Promise.reject(new Error('down')),
  eval: () => Promise.reject(new Error('down')),
};

const refused: readonly (readonly [message: string, options: object])[] = [
  ['name must be a string that is not empty, got undefined', { limit: 1 }],
  ['limit must be a whole number of at least 1, got 0', { name: 'a', limit: 0 }],
  ["limit must be a whole number of at least 1, got 'auto'", { name: 'a', limit: 'auto' }],
  ['maxQueued must be a whole number of at least 0, got -1', { name: 'a', limit: 1, maxQueued: -1 }],
  [
    'leaseMs must be a finite number of milliseconds of at least 100, got 99',
    { name: 'a', limit: 1, leaseMs: 99 },
  ],
  ['pollMs must be a finite number of milliseconds of at least 1, got 0', { name: 'a', limit: 1, pollMs: 0 }],
  [
    'timeoutMs must be a finite number of milliseconds of at least 1, got 0',
    { name: 'a', limit: 1, timeoutMs: 0 },
  ],
  [
    'probeIntervalMs must be a finite number of milliseconds of at least 1, got 0',
    { name: 'a', limit: 1, probeIntervalMs: 0 },
  ],
  ['localShareRatio must be a number over 0, up to 1, got 0', { name: 'a', limit: 1, localShareRatio: 0 }],
  ["prefix must be a string that is not empty, got ''", { name: 'a', limit: 1, prefix: '' }],
  ['random must be a function, got 4', { name: 'a', limit: 1, random: 4 }],
];

describe('RedisBulkhead', () => {
  it.each(refused)('%s', (message, options) => {
    expect(() => new RedisBulkhead(down, options as RedisBulkheadOptions)).toThrow(message);
  });

  it('refuses what is no client', () => {
    expect(() => new RedisBulkhead({} as RedisClient, { name: 'a', limit: 1 })).toThrow(
      'clientOrUrl must be',
    );
    expect(() => new RedisBulkhead('', { name: 'a', limit: 1 })).toThrow('clientOrUrl must be');
  });

  it('takes the clients of ioredis', () => {
    expectTypeOf<Redis>().toExtend<RedisClient>();
  });

  it('rounds its share of the limit up, and has the queue of a bulkhead within it', async () => {
    const clock = new ManualClock();
    const bulkhead = new RedisBulkhead(down, {
      name: 'jobs',
      limit: 5,
      localShareRatio: 0.1,
      maxQueued: 2,
      clock,
    });
    const started: string[] = [];
    const first = await bulkhead.acquire();
    expect(bulkhead.limit).toBe(1);
    expect(bulkhead.name).toBe('jobs');

    const sheddable = bulkhead.execute(() => started.push('sheddable'), { criticality: 'sheddable' });
    const critical = bulkhead.execute(() => started.push('critical'), { criticality: 'critical' });
    await expect(bulkhead.execute(() => 'no room')).rejects.toMatchObject({ reason: 'full' });
    expect(bulkhead.queued).toBe(2);
    first.release();
    await Promise.all([sheddable, critical]);

    expect(started).toEqual(['critical', 'sheddable']);
    expect(bulkhead.statistics()).toMatchObject({ limit: 1, queueLimit: 2, running: 0 });
  });

  it('refuses at once who finds neither Redis nor a slot nor room', async () => {
    const bulkhead = new RedisBulkhead(down, {
      name: 'jobs',
      limit: 2,
      localShareRatio: 0.5,
      maxQueued: 1,
    });

    const calls = Array.from({ length: 5 }, () => bulkhead.acquire());
    const outcomes = await Promise.allSettled([calls[0], ...calls.slice(2)]);

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    expect(bulkhead.statistics()).toMatchObject({ running: 1, queued: 1, calls: { rejectedFull: 3 } });
  });

  it('neither asks for nor counts a call that is over before it starts', async () => {
    const bulkhead = new RedisBulkhead(down, { name: 'jobs', limit: 1 });

    await expect(bulkhead.execute(() => 'ran', { deadlineMs: 0 })).rejects.toMatchObject({
      code: 'ERR_DEADLINE_EXCEEDED',
    });
    await expect(bulkhead.execute(() => 'ran', { signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
    expect(bulkhead.statistics().calls).toMatchObject({ admitted: 0, rejectedTimeout: 1 });
  });

  it('leaves no timer behind when nothing runs or waits', async () => {
    const clock = new ManualClock();
    const bulkhead = new RedisBulkhead(down, { name: 'jobs', limit: 1, clock });

    expect(await bulkhead.execute(() => 'ran')).toBe('ran');
    await clock.advance(60_000);

    expect(clock.pending()).toBe(0);
  });
});
