import type { RedisClient } from '@holdfast/rate-limiter/redis';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter, type RateLimiterEvent } from '@holdfast/rate-limiter';
import type { Cluster, Redis } from 'ioredis';
import { describe, expect, expectTypeOf, it } from 'vitest';

/** A client whose answers the test settles by hand. */
class HandClient implements RedisClient {
  status = 'ready';
  readonly sent: { resolve(reply: unknown): void; reject(error: Error): void }[] = [];

  evalsha(): Promise<unknown> {
    return new Promise((resolve, reject) => this.sent.push({ resolve, reject }));
  }

  eval(): Promise<unknown> {
    return Promise.reject(new Error('the script is known'));
  }
}

const limits = { user: { limit: 10, windowMs: 1_000 } };
/** No value damaged; the instant; 9 left. */
const admitted = [0, 1_795_000_000_000_000, 9];

interface Setup {
  readonly clock: ManualClock;
  readonly client: HandClient;
  readonly limiter: RateLimiter<typeof limits>;
  readonly events: RateLimiterEvent['type'][];
}

function setup(options?: ConstructorParameters<typeof RedisStore>[1]): Setup {
  const clock = new ManualClock();
  const client = new HandClient();
  const limiter = new RateLimiter({ limits, clock, store: new RedisStore(client, options) });
  const events: RateLimiterEvent['type'][] = [];
  limiter.events.subscribe(({ type }) => events.push(type));
  return { clock, client, limiter, events };
}

describe('RedisStore', () => {
  it('takes the clients of ioredis', () => {
    expectTypeOf<Redis>().toExtend<RedisClient>();
    expectTypeOf<Cluster>().toExtend<RedisClient>();
  });

  it('decides by the reply of the server', async () => {
    const { client, clock, limiter } = setup();
    const checked = limiter.check('a');
    await clock.advance(0);
    client.sent[0]?.resolve([0, 1, -2, 3, 1_500, 2_000]);

    expect(await checked).toMatchObject({
      allowed: false,
      source: 'redis',
      limits: { user: { remaining: 3, retryAfterMs: 2, resetMs: 2 } },
    });
  });

  it('16.3 budget exceeded: decides locally when the answer takes longer than timeoutMs', async () => {
    const { clock, limiter, events } = setup({ timeoutMs: 30 });
    const checked = limiter.check('a');

    await clock.advance(30);

    expect(await checked).toMatchObject({
      allowed: true,
      source: 'local',
      limits: { user: { remaining: 9 } },
    });
    expect(limiter.statistics()).toMatchObject({ decisions: { allowed: 1, local: 1 }, storeErrors: 1 });
    expect(events).toEqual(['store-lost']);
  });

  it('16.3 breaker open: does not wait for a store that failed, and tells of the outage once', async () => {
    const { client, clock, limiter, events } = setup();
    const first = limiter.check('a');
    await clock.advance(50);
    await first;

    for (let i = 0; i < 5; i += 1) expect((await limiter.check('a')).source).toBe('local');

    expect(client.sent).toHaveLength(1);
    expect(events).toEqual(['store-lost']);
  });

  it('16.3 breaker open: asks with one call per probeIntervalMs, and returns when that one succeeds', async () => {
    const { client, clock, limiter, events } = setup({ probeIntervalMs: 400 });
    const first = limiter.check('a');
    await clock.advance(50);
    await first;
    await clock.advance(400);

    const probe = limiter.check('a');
    expect((await limiter.check('a', { cost: 0 })).source).toBe('local');
    await clock.advance(0);
    client.sent[1]?.resolve(admitted);

    expect((await probe).source).toBe('redis');
    expect(events).toEqual(['store-lost', 'store-recovered']);
    const next = limiter.check('a');
    await clock.advance(0);
    client.sent[2]?.resolve(admitted);
    expect((await next).source).toBe('redis');
  });

  it('stays local for another interval when the probe fails', async () => {
    const { client, clock, limiter, events } = setup({ probeIntervalMs: 400 });
    for (const waitMs of [400, 399]) {
      const checked = limiter.check('a');
      await clock.advance(0);
      client.sent.at(-1)?.reject(new Error('READONLY'));
      expect((await checked).source).toBe('local');
      await clock.advance(waitMs);
    }

    await limiter.check('a');

    expect(client.sent).toHaveLength(2);
    expect(events).toEqual(['store-lost']);
  });

  it('16.3 late reply: ignores an answer that comes too late', async () => {
    const { client, clock, limiter, events } = setup();
    const checked = limiter.check('a');
    await clock.advance(50);
    await checked;

    client.sent[0]?.resolve(admitted);
    await clock.advance(0);

    expect((await limiter.check('a')).source).toBe('local');
    expect(events).toEqual(['store-lost']);
  });

  it('16.3 connection not ready: spends no time on it, and returns as soon as it is', async () => {
    const { client, clock, limiter, events } = setup();
    client.status = 'reconnecting';
    expect((await limiter.check('a')).source).toBe('local');
    client.status = 'ready';

    const checked = limiter.check('a');
    await clock.advance(0);
    client.sent[0]?.resolve(admitted);

    expect((await checked).source).toBe('redis');
    expect(events).toEqual(['store-lost', 'store-recovered']);
    expect(limiter.statistics().storeErrors).toBe(0);
  });

  it('waits for a client that connects for the first time, and not during an outage', async () => {
    const { client, clock, limiter } = setup();
    client.status = 'connecting';
    const first = limiter.check('a');
    await clock.advance(50);
    expect((await first).source).toBe('local');

    await clock.advance(1_000);
    expect((await limiter.check('a')).source).toBe('local');
    expect(client.sent).toHaveLength(1);
  });

  it('16.3 local share: admits its share of the limit while the store is lost, at least 1', async () => {
    const { client, limiter } = setup({ localShareRatio: 0.25 });
    client.status = 'end';
    const decisions = [];
    for (let i = 0; i < 4; i += 1) decisions.push(await limiter.check('a'));

    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, true, false]);
    expect(decisions[0]?.limits.user).toMatchObject({ limit: 10, remaining: 2 });
  });

  it('asks callers to wait for the store when only the share is too small', async () => {
    const { client, limiter } = setup({ localShareRatio: 0.25, probeIntervalMs: 700 });
    client.status = 'end';

    expect(await limiter.check('a', { cost: 5 })).toMatchObject({
      allowed: false,
      impossible: false,
      retryAfterMs: 700,
    });
    expect(await limiter.check('a', { cost: 11 })).toMatchObject({ allowed: false, impossible: true });
  });

  it('shares the limits evenly between instances', async () => {
    const { client, limiter } = setup({ instances: 4 });
    client.status = 'end';

    expect((await limiter.check('a')).limits.user).toMatchObject({ remaining: 2 });
  });

  it('decides locally when the server answers something else than a decision', async () => {
    const { client, clock, limiter, events } = setup();
    const checked = limiter.check('a');
    await clock.advance(0);
    client.sent[0]?.resolve('PONG');

    expect((await checked).source).toBe('local');
    expect(events).toEqual(['store-lost']);
  });

  it('sends the calls of one turn together, and at most 32 at once', async () => {
    const { client, clock, limiter } = setup();
    const checks = Array.from({ length: 40 }, (_, i) => limiter.check(`user ${i}`));
    await clock.advance(0);

    expect(client.sent).toHaveLength(2);
    const answers = (count: number): number[] => [
      ...admitted.slice(0, 2),
      ...Array.from({ length: count }, () => admitted.slice(2)).flat(),
    ];
    client.sent[0]?.resolve(answers(32));
    client.sent[1]?.resolve(answers(8));
    for (const { allowed, limits: states } of await Promise.all(checks))
      expect({ allowed, remaining: states.user?.remaining }).toEqual({ allowed: true, remaining: 9 });
  });

  it('invariant 17: has one timer for all calls, which keeps no process alive and ends when they are decided', async () => {
    const { client, clock, limiter } = setup();
    const checks = [limiter.check('a')];
    await clock.advance(30);
    checks.push(limiter.check('b'));
    await clock.advance(0);
    expect([clock.pending('foreground'), clock.pending('background')]).toEqual([0, 1]);

    for (const sent of client.sent) sent.resolve(admitted);
    await Promise.all(checks);
    await clock.advance(20);

    expect(clock.pending()).toBe(0);
  });

  it('keeps a charge for the store that it finds to be gone', async () => {
    const { client, clock, limiter } = setup();
    const checked = limiter.check('a');
    await clock.advance(0);
    client.sent[0]?.resolve(admitted);
    const decision = await checked;
    client.status = 'reconnecting';

    await decision.settle(3);

    expect((await limiter.check('a', { cost: 0 })).limits.user).toMatchObject({ remaining: 7 });
  });

  it('keeps no charge under a limit whose window is over since', async () => {
    const clock = new ManualClock(1_795_000_000_000);
    const client = new HandClient();
    const limiter = new RateLimiter({ limits, clock, store: new RedisStore(client) });
    const checked = limiter.check('a');
    await clock.advance(0);
    client.sent[0]?.resolve(admitted);
    const decision = await checked;
    client.status = 'reconnecting';

    clock.advanceSync(1_000);
    await decision.settle(3);

    expect((await limiter.check('a', { cost: 0 })).limits.user).toMatchObject({ remaining: 10 });
  });

  it('keeps limit 0 shut while the store is lost', async () => {
    const client = new HandClient();
    client.status = 'end';
    const limiter = new RateLimiter({
      limits: { off: { limit: 0, windowMs: 1 } },
      store: new RedisStore(client),
    });

    expect(await limiter.check('a')).toMatchObject({ allowed: false, impossible: true });
    expect(await limiter.check('a', { cost: 0 })).toMatchObject({ allowed: false, impossible: true });
  });

  it('refuses more limits than a script can tell apart', () => {
    const many = Object.fromEntries(
      Array.from({ length: 128 }, (_, i) => [`limit ${i}`, { limit: 1, windowMs: 1 }]),
    );

    expect(() => new RateLimiter({ limits: many, store: new RedisStore(new HandClient()) })).toThrow(
      'limits must be at most 127 limits in a RedisStore, got 128',
    );
  });

  it.each<[string, unknown[], string]>([
    ['clientOrUrl', [''], 'clientOrUrl must be a string that is not empty'],
    ['clientOrUrl', [{}], 'clientOrUrl must be an object with evalsha(), eval()'],
    ['prefix', [new HandClient(), { prefix: '' }], 'prefix must be a string that is not empty'],
    ['timeoutMs', [new HandClient(), { timeoutMs: 0 }], 'timeoutMs must be a finite number of milliseconds'],
    [
      'probeIntervalMs',
      [new HandClient(), { probeIntervalMs: 0 }],
      'probeIntervalMs must be a finite number',
    ],
    [
      'localShareRatio',
      [new HandClient(), { localShareRatio: 0 }],
      'localShareRatio must be a number over 0',
    ],
    [
      'maxLocalSubjects',
      [new HandClient(), { maxLocalSubjects: 0 }],
      'maxLocalSubjects must be a whole number',
    ],
    ['instances', [new HandClient(), { instances: 0 }], 'instances must be a whole number of at least 1'],
    [
      'maxLocalSubjects',
      [new HandClient(), { maxLocalSubjects: 2 ** 24 }],
      'maxLocalSubjects must be a whole number from 1 to 16777215',
    ],
    [
      'maxDeniedSubjects',
      [new HandClient(), { maxDeniedSubjects: -1 }],
      'maxDeniedSubjects must be a whole number from 0 to 16777215',
    ],
    ['time', [new HandClient(), { time: 'mine' }], "time must be one of 'server', 'client', got 'mine'"],
  ])('refuses a broken %s', (_, [client, options], message) => {
    expect(() => new RedisStore(client as RedisClient, options as object)).toThrow(message);
  });
});
