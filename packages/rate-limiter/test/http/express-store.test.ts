import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { ManualClock } from '@holdfast/core/testing';
import { MemoryStore } from '@holdfast/rate-limiter';
import { ExpressRateLimitStore } from '@holdfast/rate-limiter/express-store';
import express from 'express';
import { type Options, rateLimit, type RateLimitRequestHandler, type Store } from 'express-rate-limit';
import { afterEach, describe, expect, it } from 'vitest';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const serve = async (
  options: Partial<Options>,
): Promise<{ url: string; limiter: RateLimitRequestHandler; get: (path?: string) => Promise<Response> }> => {
  const limiter = rateLimit({ windowMs: 60_000, keyGenerator: () => 'alice', ...options });
  const app = express();
  app.use(limiter);
  app.get('/fails', (_request, response) => void response.status(500).send('no'));
  app.get('/', (_request, response) => void response.send('hello'));
  const server = createServer(app);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, limiter, get: (path = '/') => fetch(url + path) };
};
const statuses = (answers: readonly Response[]): number[] => answers.map(({ status }) => status);

describe('ExpressRateLimitStore under express-rate-limit', () => {
  it('admits as many requests as the limit, and tells the rest', async () => {
    const { get } = await serve({
      limit: 2,
      store: new ExpressRateLimitStore(),
      standardHeaders: 'draft-8',
      identifier: 'user',
    });

    const answers = [await get(), await get(), await get()];

    expect(statuses(answers)).toEqual([200, 200, 429]);
    expect(answers.map(({ headers }) => /r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1])).toEqual([
      '1',
      '0',
      '0',
    ]);
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('admits no more in any window, whenever it starts', async () => {
    const clock = new ManualClock(Date.now());
    const { get } = await serve({ limit: 10, windowMs: 1_000, store: new ExpressRateLimitStore({ clock }) });
    const burst = (): Promise<Response[]> => Promise.all(Array.from({ length: 10 }, () => get()));
    await get();
    await clock.advance(950);

    const before = statuses(await burst());
    await clock.advance(60);
    const after = statuses(await burst());

    expect(before.filter((status) => status === 200)).toHaveLength(9);
    expect(after.filter((status) => status === 200)).toHaveLength(1);
  });

  it('admits exactly the limit of requests that come at once', async () => {
    const { get } = await serve({ limit: 5, store: new ExpressRateLimitStore() });

    const answers = await Promise.all(Array.from({ length: 50 }, () => get()));

    expect(statuses(answers).filter((status) => status === 200)).toHaveLength(5);
  });

  it('gives failed requests back, and nothing for refused ones', async () => {
    const { get, limiter } = await serve({
      limit: 2,
      store: new ExpressRateLimitStore(),
      skipFailedRequests: true,
    });
    const hits = async (): Promise<number | undefined> => (await limiter.getKey('alice'))?.totalHits;

    for (let i = 0; i < 4; i += 1) {
      expect((await get('/fails')).status).toBe(500);
      await expect.poll(hits).toBe(0);
    }
    const answers: Response[] = [];
    for (let i = 0; i < 8; i += 1) answers.push(await get());

    expect(statuses(answers)).toEqual([200, 200, 429, 429, 429, 429, 429, 429]);
    expect(await hits()).toBe(2);
  });

  it('gives successful requests back', async () => {
    const { get, limiter } = await serve({
      limit: 2,
      store: new ExpressRateLimitStore(),
      skipSuccessfulRequests: true,
    });
    const hits = async (): Promise<number | undefined> => (await limiter.getKey('alice'))?.totalHits;

    for (let i = 0; i < 4; i += 1) {
      expect((await get()).status).toBe(200);
      await expect.poll(hits).toBe(0);
    }
    await get('/fails');
    await get('/fails');

    expect((await get()).status).toBe(429);
  });

  it('forgets a key', async () => {
    const { get, limiter } = await serve({ limit: 1, store: new ExpressRateLimitStore() });
    await get();
    expect((await get()).status).toBe(429);

    limiter.resetKey('alice');

    expect((await get()).status).toBe(200);
  });

  it('refuses everything where the limit is 0', async () => {
    const { get } = await serve({ limit: 0, store: new ExpressRateLimitStore(), validate: false });

    const refused = await get();

    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
  });

  it('takes the largest limit where that of the middleware is a function', async () => {
    const { get } = await serve({ limit: () => 2, store: new ExpressRateLimitStore({ limit: 10 }) });

    expect(statuses([await get(), await get(), await get()])).toEqual([200, 200, 429]);
  });

  it('answers with an error where nobody told the limit', async () => {
    const logged: unknown[] = [];
    const logger = { error: (error: unknown) => logged.push(error), warn: () => undefined };
    const { get } = await serve({ limit: () => 2, store: new ExpressRateLimitStore(), logger });

    expect((await get()).status).toBe(500);
    expect(logged).toMatchObject([{ code: 'ERR_INVALID_OPTION', option: 'limit' }]);
  });

  it('shares the counts of a store by name', async () => {
    const store = new MemoryStore();
    const [one, same, other] = [
      await serve({ limit: 1, store: new ExpressRateLimitStore({ store, name: 'api' }) }),
      await serve({ limit: 1, store: new ExpressRateLimitStore({ store, name: 'api' }) }),
      await serve({ limit: 1, store: new ExpressRateLimitStore({ store, name: 'login' }) }),
    ];

    expect(statuses([await one.get(), await same.get(), await other.get()])).toEqual([200, 429, 200]);
  });

  it.each(['', 'x'.repeat(5_000)])('counts keys of any length', async (key) => {
    const { get } = await serve({ limit: 1, store: new ExpressRateLimitStore(), keyGenerator: () => key });

    expect(statuses([await get(), await get()])).toEqual([200, 429]);
  });

  it('is a store by the types of the middleware', () => {
    const store: Store = new ExpressRateLimitStore();

    expect([store.localKeys, store.prefix]).toEqual([true, 'rate-limiter']);
    expect(new ExpressRateLimitStore({ store: new MemoryStore() }).localKeys).toBe(false);
  });
});

describe('ExpressRateLimitStore', () => {
  it('takes a hit back after a refusal that is long over', async () => {
    const clock = new ManualClock();
    const store = new ExpressRateLimitStore({ clock });
    store.init({ limit: 1, windowMs: 1_000, skipFailedRequests: true });
    await store.increment('alice');
    await store.increment('alice');
    await clock.advance(2_000);
    await store.increment('alice');

    await store.decrement('alice');

    expect((await store.get('alice')).totalHits).toBe(0);
  });

  it('tells when a refused key may come back', async () => {
    const clock = new ManualClock();
    const store = new ExpressRateLimitStore({ clock });
    store.init({ limit: 1, windowMs: 1_000, skipFailedRequests: false });
    await store.increment('alice');
    await clock.advance(400);

    const { totalHits, resetTime } = await store.increment('alice');

    expect([totalHits, resetTime.getTime() - clock.epoch()]).toEqual([2, 600]);
  });

  it('16.4 local maps: remembers a bounded number of refused hits', async () => {
    const clock = new ManualClock();
    const store = new ExpressRateLimitStore({ clock, limit: 1 });
    store.init({ limit: 1, windowMs: 60_000, skipFailedRequests: true });
    await store.increment('first');
    await store.increment('first');
    for (let i = 0; i < 10_000; i += 1) {
      await store.increment(`key ${i}`);
      await store.increment(`key ${i}`);
    }

    await store.decrement('first');

    expect((await store.get('first')).totalHits).toBe(0);
  });
});
