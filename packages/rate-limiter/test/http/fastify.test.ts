import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import { decisionOn, type FastifyRateLimitOptions, rateLimit } from '@holdfast/rate-limiter/fastify';
import { ClientIdentity } from '@holdfast/rate-limiter/identity';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';

const apps: FastifyInstance[] = [];
const appOf = (): FastifyInstance => {
  const app = fastify();
  apps.push(app);
  return app;
};
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});
const listen = (app: FastifyInstance): Promise<string> => app.listen({ port: 0, host: '127.0.0.1' });

const limits = {
  user: { limit: 10, windowMs: 60_000, by: 'user' },
  expensive: { limit: 2, windowMs: 60_000, by: 'user', tag: 'expensive' },
} as const;
const limiterOf = (): RateLimiter<typeof limits> => new RateLimiter({ limits, clock: new ManualClock() });
const subjectOf = (): { user: string } => ({ user: 'alice' });

describe('the Fastify plugin', () => {
  it('lets requests pass and tells their limits, then refuses with problem details', async () => {
    const app = appOf();
    await app.register(rateLimit({ limiter: limiterOf(), subjectOf, costOf: () => 6 }));
    app.get('/', () => 'hello');
    const url = await listen(app);

    const [passed, refused] = [await fetch(url), await fetch(url)];

    expect(passed.headers.get('ratelimit')).toBe('"user";r=4;t=24');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(refused.headers.get('cache-control')).toBe('no-store');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(60);
    expect(await refused.json()).toMatchObject({ status: 429, 'violated-policies': ['user'] });
  });

  it('lets a route choose its tags and its cost, or have no limits', async () => {
    const app = appOf();
    await app.register(rateLimit({ limiter: limiterOf(), subjectOf }));
    app.get('/', () => 'hello');
    app.get('/search', { config: { rateLimits: { tags: ['expensive'], cost: 2 } } }, () => 'found');
    app.get('/health', { config: { rateLimits: 'none' } }, () => 'ok');
    const url = await listen(app);

    const answers = [
      await fetch(url),
      await fetch(`${url}/search`),
      await fetch(`${url}/search`),
      await fetch(`${url}/health`),
      await fetch(`${url}/nowhere`),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 200, 404]);
    expect(answers.map(({ headers }) => headers.get('ratelimit'))).toEqual([
      '"user";r=9;t=54',
      '"expensive";r=0;t=60',
      '"expensive";r=0;t=60',
      null,
      '"user";r=6;t=36',
    ]);
  });

  it('gives an error to the error handler where a route names a tag that no limit has', async () => {
    const app = appOf();
    await app.register(rateLimit({ limiter: limiterOf(), subjectOf }));
    app.get('/', { config: { rateLimits: { tags: ['expensiv'] } } }, () => 'hello');

    const answer = await fetch(await listen(app));

    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ code: 'ERR_INVALID_OPTION' });
  });

  it('holds for the instance that it is registered on, and for those below', async () => {
    const app = appOf();
    app.get('/outside', () => 'hello');
    await app.register(async (inner) => {
      await inner.register(rateLimit({ limiter: limiterOf(), subjectOf }));
      inner.get('/inside', () => 'hello');
      await inner.register(async (below) => void below.get('/below', () => 'hello'));
    });
    const url = await listen(app);

    const answers = await Promise.all(['/outside', '/inside', '/below'].map((path) => fetch(url + path)));

    expect(answers.map(({ headers }) => headers.has('ratelimit'))).toEqual([false, true, true]);
  });

  it('16.1 same request twice: charges a request once however often a limiter is registered, and asks other limiters too', async () => {
    const limiter = limiterOf();
    const other = new RateLimiter({ limits: { other: { limit: 5, windowMs: 60_000 } } });
    const app = appOf();
    await app.register(rateLimit({ limiter, subjectOf }));
    await app.register(rateLimit({ limiter, subjectOf, hook: 'preHandler' }));
    await app.register(rateLimit({ limiter: other, subjectOf: () => 'alice' }));
    app.get('/', () => 'hello');

    const { headers } = await fetch(await listen(app));

    expect(headers.get('ratelimit')).toBe('"user";r=9;t=54, "other";r=4;t=48');
    expect((await limiter.check(subjectOf(), { cost: 0 })).limits.user?.remaining).toBe(9);
  });

  it.each(['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const)(
    'judges a request on the hook %s',
    async (hook) => {
      const app = appOf();
      const order: string[] = [];
      const subject = (): { user: string } => {
        order.push('judged');
        return { user: 'alice' };
      };
      await app.register(rateLimit({ limiter: limiterOf(), subjectOf: subject, costOf: () => 10, hook }));
      app.post('/', (request) => {
        order.push('handled');
        return request.body;
      });
      const url = await listen(app);
      const post = (): Promise<Response> => fetch(url, { method: 'POST', body: 'text' });

      const [passed, refused] = [await post(), await post()];

      expect([passed.status, await passed.text(), refused.status]).toEqual([200, 'text', 429]);
      expect(order).toEqual(['judged', 'handled', 'judged']);
    },
  );

  it('gives back what a response cost that does not count', async () => {
    const limiter = limiterOf();
    const app = appOf();
    await app.register(rateLimit({ limiter, subjectOf, countWhen: (status) => status < 500 }));
    app.get('/', () => 'hello');
    app.get('/fails', () => {
      throw new Error('later');
    });
    const url = await listen(app);

    for (let i = 0; i < 12; i += 1) await fetch(`${url}/fails`);
    await fetch(url);

    await expect
      .poll(async () => (await limiter.check(subjectOf(), { cost: 0 })).limits.user?.remaining)
      .toBe(9);
  });

  it('lets a handler settle what the request turned out to cost', async () => {
    const limiter = limiterOf();
    const app = appOf();
    await app.register(rateLimit({ limiter, subjectOf }));
    app.get('/', async ({ raw }) => {
      await decisionOn(raw, limiter)?.settle(7);
      return 'hello';
    });

    await fetch(await listen(app));

    expect((await limiter.check(subjectOf(), { cost: 0 })).limits.user?.remaining).toBe(3);
  });

  it('leaves the answer to whoever wants to give it', async () => {
    const app = appOf();
    const refuse: FastifyRateLimitOptions<typeof limits>['refuse'] = ({ problem }, _request, reply) =>
      reply.code(problem.status).send('slow down');
    await app.register(rateLimit({ limiter: limiterOf(), subjectOf, costOf: () => 11, refuse }));
    app.get('/', () => 'hello');

    const refused = await fetch(await listen(app));

    expect([refused.status, await refused.text()]).toEqual([429, 'slow down']);
    expect(refused.headers.has('ratelimit-policy')).toBe(true);
  });

  const failing: () => never = () => {
    throw new Error('no');
  };
  it.each<[string, Partial<FastifyRateLimitOptions<typeof limits>>]>([
    ['subjectOf', { subjectOf: failing }],
    ['tagsOf', { tagsOf: failing }],
    ['costOf', { costOf: failing }],
    ['skip', { skip: failing }],
    ['refuse', { costOf: () => 11, refuse: failing }],
  ])('gives the error of %s to the error handler', async (_, options) => {
    const app = appOf();
    app.setErrorHandler((error: Error, _request, reply) => reply.code(500).send(`told: ${error.message}`));
    await app.register(rateLimit({ limiter: limiterOf(), subjectOf, ...options }));
    app.get('/', () => 'hello');

    const answer = await fetch(await listen(app));

    expect([answer.status, await answer.text()]).toEqual([500, 'told: no']);
  });

  it('16.5 HEAD, 304 and 3xx: answers without a body, and leaves redirects alone', async () => {
    const app = appOf();
    await app.register(rateLimit({ limiter: limiterOf(), subjectOf, costOf: () => 4 }));
    app.get('/moved', (_request, reply) => reply.redirect('/'));
    app.get('/', (_request, reply) => reply.code(304).send());
    const url = await listen(app);

    const moved = await fetch(`${url}/moved`, { redirect: 'manual' });
    const unchanged = await fetch(url);
    const refused = await fetch(url, { method: 'HEAD' });

    expect([moved, unchanged, refused].map(({ status }) => status)).toEqual([302, 304, 429]);
    expect([moved, unchanged].map(({ headers }) => headers.get('ratelimit'))).toEqual([
      '"user";r=6;t=36',
      '"user";r=2;t=12',
    ]);
    expect(await refused.text()).toBe('');
  });

  it.each([
    ['an allowed', 1],
    ['a refused', 11],
  ])('writes nothing for %s request that was taken over', async (_, cost) => {
    const app = appOf();
    app.addHook('onRequest', async (_request, reply) => {
      reply.raw.write('begun');
      setImmediate(() => reply.raw.end());
    });
    await app.register(rateLimit({ limiter: limiterOf(), subjectOf, costOf: () => cost }));
    app.get('/', (_request, reply) => void reply.hijack());

    const answer = await fetch(await listen(app));

    expect([answer.status, await answer.text()]).toEqual([200, 'begun']);
    expect(answer.headers.has('ratelimit')).toBe(false);
  });

  it('tells callers by the address that a proxy tells', async () => {
    const callers = new ClientIdentity({ trustedProxies: ['127.0.0.0/8'] });
    const limiter = new RateLimiter({ limits: { ip: { limit: 1, windowMs: 60_000 } } });
    const app = appOf();
    await app.register(rateLimit({ limiter, subjectOf: (request) => callers.keyOf(request) }));
    app.get('/', () => 'hello');
    const url = await listen(app);
    const getAs = async (address: string): Promise<number> =>
      (await fetch(url, { headers: { 'x-forwarded-for': address } })).status;

    const statuses = [
      await getAs('203.0.113.7'),
      await getAs('203.0.113.8'),
      await getAs('6.6.6.6, 203.0.113.7'),
    ];

    expect(statuses).toEqual([200, 200, 429]);
  });

  it('refuses a wrong hook', () => {
    expect(() => rateLimit({ limiter: limiterOf(), subjectOf, hook: 'onSend' as 'onRequest' })).toThrow(
      "hook must be one of 'onRequest', 'preParsing', 'preValidation', 'preHandler', got 'onSend'",
    );
  });
});
