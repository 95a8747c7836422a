import rateLimit, { type FastifyRateLimitStoreCtor, type RateLimitPluginOptions } from '@fastify/rate-limit';
import { ManualClock } from '@holdfast/core/testing';
import { MemoryStore } from '@holdfast/rate-limiter';
import { fastifyRateLimitStore } from '@holdfast/rate-limiter/fastify-store';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';

const apps: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

const storeOf = (options?: Parameters<typeof fastifyRateLimitStore>[0]): FastifyRateLimitStoreCtor =>
  fastifyRateLimitStore(options);
const serve = async (
  options: RateLimitPluginOptions,
): Promise<{ get: (path?: string) => Promise<Response> }> => {
  const app = fastify();
  apps.push(app);
  await app.register(rateLimit, {
    timeWindow: 60_000,
    keyGenerator: () => 'alice',
    store: storeOf(),
    ...options,
  });
  app.get('/', () => 'hello');
  app.get('/search', { config: { rateLimit: { max: 1 } } }, () => 'found');
  app.get('/other', { config: { rateLimit: { max: 1 } } }, () => 'found');
  const look = app.createRateLimit();
  app.get('/peek', { config: { rateLimit: false } }, (request) =>
    look(request, { increment: false }).then((peeked) =>
      'remaining' in peeked ? String(peeked.remaining) : '',
    ),
  );
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { get: (path = '/') => fetch(url + path) };
};
const statuses = (answers: readonly Response[]): number[] => answers.map(({ status }) => status);

describe('fastifyRateLimitStore under @fastify/rate-limit', () => {
  it('admits as many requests as the limit, and tells the rest', async () => {
    const { get } = await serve({ max: 2 });

    const answers = [await get(), await get(), await get()];

    expect(statuses(answers)).toEqual([200, 200, 429]);
    expect(answers.map(({ headers }) => headers.get('x-ratelimit-remaining'))).toEqual(['1', '0', '0']);
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('admits no more in any window, whenever it starts', async () => {
    const clock = new ManualClock();
    const { get } = await serve({ max: 10, timeWindow: 1_000, store: storeOf({ clock }) });
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
    const { get } = await serve({ max: 5 });

    const answers = await Promise.all(Array.from({ length: 50 }, () => get()));

    expect(statuses(answers).filter((status) => status === 200)).toHaveLength(5);
  });

  it('counts routes with limits of their own for themselves', async () => {
    const { get } = await serve({ max: 2 });

    const answers = [
      await get('/search'),
      await get('/search'),
      await get('/other'),
      await get(),
      await get(),
    ];

    expect(statuses(answers)).toEqual([200, 429, 200, 200, 200]);
  });

  it('takes limits and windows from functions, of a bounded number of results', async () => {
    let max = 1;
    const { get } = await serve({ max: () => max, timeWindow: () => 60_000 });

    expect(statuses([await get(), await get()])).toEqual([200, 429]);
    for (max = 2; max <= 100; max += 1) expect((await get()).status).toBe(200);
    expect((await get()).status).toBe(500);
  });

  it('looks without a hit', async () => {
    const { get } = await serve({ max: 2 });
    const peek = async (): Promise<string> => (await get('/peek')).text();

    const rests = [await peek(), await peek()];
    await get();
    rests.push(await peek());

    expect(rests).toEqual(['2', '2', '1']);
  });

  it('shares the counts of a store by name', async () => {
    const store = new MemoryStore();
    const [one, same, other] = [
      await serve({ max: 1, store: storeOf({ store, name: 'api' }) }),
      await serve({ max: 1, store: storeOf({ store, name: 'api' }) }),
      await serve({ max: 1, store: storeOf({ store, name: 'login' }) }),
    ];

    expect(statuses([await one.get(), await same.get(), await other.get()])).toEqual([200, 429, 200]);
  });

  it.each([
    ['continueExceeding', { continueExceeding: true }],
    ['exponentialBackoff', { exponentialBackoff: true }],
    ['ban', { ban: 2 }],
  ])('refuses %s, which makes refused hits count', async (option, options) => {
    await expect(serve({ max: 1, ...options })).rejects.toMatchObject({ option });
  });
});
