import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { RateLimiter } from '@holdfast/rate-limiter';
import { rateLimit } from '@holdfast/rate-limiter/express';
import { ExpressRateLimitStore } from '@holdfast/rate-limiter/express-store';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis, startRedis } from '@holdfast/test-support';
import express, { type Express } from 'express';
import { rateLimit as expressRateLimit } from 'express-rate-limit';
import { afterEach, describe, expect, it } from 'vitest';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
const listen = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const passed = (answers: readonly Response[]): number =>
  answers.filter(({ status }) => status === 200).length;

describeWithRedis('ExpressRateLimitStore with Redis', (redis) => {
  const appOf = (store: RedisStore, name: string): Express => {
    const app = express();
    app.use(
      expressRateLimit({
        limit: 5,
        windowMs: 60_000,
        keyGenerator: () => 'alice',
        skipFailedRequests: true,
        store: new ExpressRateLimitStore({ store, name }),
      }),
    );
    app.get('/fails', (_request, response) => void response.status(500).send('no'));
    app.get('/', (_request, response) => void response.send('hello'));
    return app;
  };

  it('admits exactly the limit over two servers at once', async () => {
    await using one = new RedisStore(redis.url);
    await using other = new RedisStore(redis.url);
    const name = crypto.randomUUID();
    const urls = [await listen(appOf(one, name)), await listen(appOf(other, name))];

    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => fetch(urls[i % 2] as string)));

    expect(passed(answers)).toBe(5);
  });

  it('gives failed requests back, and nothing for refused ones', async () => {
    await using store = new RedisStore(redis.url);
    const app = appOf(store, crypto.randomUUID());
    const url = await listen(app);

    for (let i = 0; i < 10; i += 1) {
      const { status } = await fetch(`${url}/fails`);
      expect(status).toBe(500);
      // The hit is taken back after the answer.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const answers: Response[] = [];
    await expect
      .poll(async () => {
        answers.push(await fetch(url));
        return answers.at(-1)?.status;
      })
      .toBe(429);

    expect(passed(answers)).toBe(5);
    expect(passed([await fetch(url), await fetch(url)])).toBe(0);
  });
});

describe('a middleware whose Redis is gone', () => {
  it('answers 503 where the limit is closed then, and lets pass where it is open', async () => {
    await using redis = await startRedis();
    await using store = new RedisStore(redis.url, { timeoutMs: 1_000 });
    const guarded = async (onStoreError: 'closed' | 'open'): Promise<string> => {
      const limits = { user: { limit: 5, windowMs: 60_000, onStoreError } } as const;
      const limiter = new RateLimiter({ name: onStoreError, limits, store });
      const admit = rateLimit({ limiter, subjectOf: () => 'alice' });
      return listen((request, response) => admit(request, response, () => response.end('hello')));
    };
    const [closed, open] = [await guarded('closed'), await guarded('open')];
    expect((await fetch(closed)).status).toBe(200);

    await redis.stop();
    const [refused, allowed] = [await fetch(closed), await fetch(open)];

    expect([refused.status, allowed.status]).toEqual([503, 200]);
    expect(await refused.json()).toMatchObject({ title: 'Temporarily reduced capacity' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect([refused.headers.has('ratelimit'), allowed.headers.has('ratelimit')]).toEqual([false, false]);
  });
});
