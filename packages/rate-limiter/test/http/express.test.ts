import { type AddressInfo } from 'node:net';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import { decisionOn, rateLimit } from '@holdfast/rate-limiter/express';
import { ClientIdentity } from '@holdfast/rate-limiter/identity';
import express, { type ErrorRequestHandler, type Request } from 'express';
import { afterEach, describe, expect, it } from 'vitest';

const servers: Server[] = [];
const listen = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const limiterOf = (limit: number, name = 'user'): RateLimiter =>
  new RateLimiter({ limits: { [name]: { limit, windowMs: 60_000 } }, clock: new ManualClock() });
const tellError: ErrorRequestHandler = (error: Error, _request, response, _next) => {
  response.status(500).send(`told: ${error.message}`);
};

describe('the Express middleware', () => {
  it('lets requests pass and tells their limits, then refuses with problem details', async () => {
    const app = express();
    app.use(rateLimit({ limiter: limiterOf(2), subjectOf: () => 'alice' }));
    app.get('/', (_request, response) => void response.send('hello'));
    const url = await listen(app);

    const passed = await fetch(url);
    await fetch(url);
    const refused = await fetch(url);

    expect(passed.status).toBe(200);
    expect(passed.headers.get('ratelimit-policy')).toBe('"user";q=2;w=60');
    expect(passed.headers.get('ratelimit')).toBe('"user";r=1;t=30');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.headers.get('cache-control')).toBe('no-store');
    expect(refused.headers.get('ratelimit')).toBe('"user";r=0;t=60');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(60);
    expect(await refused.json()).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Quota exceeded',
      status: 429,
      'violated-policies': ['user'],
    });
  });

  it('16.1 same request twice: charges a request once however often a limiter is mounted, and asks other limiters too', async () => {
    const [one, other] = [limiterOf(10, 'one'), limiterOf(5, 'other')];
    const subjectOf = (): string => 'alice';
    const app = express();
    app.use(rateLimit({ limiter: one, subjectOf }), rateLimit({ limiter: other, subjectOf }));
    const router = express.Router();
    router.use(rateLimit({ limiter: one, subjectOf }));
    router.get('/', (_request, response) => void response.send('hello'));
    app.use('/', router);
    const url = await listen(app);

    const { headers } = await fetch(url);

    expect(headers.get('ratelimit-policy')).toBe('"one";q=10;w=60, "other";q=5;w=60');
    expect(headers.get('ratelimit')).toBe('"one";r=9;t=54, "other";r=4;t=48');
    expect((await one.check('alice', { cost: 0 })).limits['one']?.remaining).toBe(9);
  });

  it('chooses tags, cost and what to skip by the request', async () => {
    const limiter = new RateLimiter({
      limits: {
        user: { limit: 10, windowMs: 60_000, by: 'user' },
        expensive: { limit: 5, windowMs: 60_000, by: 'user', tag: 'expensive' },
      },
    });
    const app = express();
    app.use(
      rateLimit({
        limiter,
        subjectOf: (request: Request) => ({ user: request.get('x-user') }),
        tagsOf: ({ url }) => (url === '/search' ? ['expensive'] : []),
        costOf: ({ method }) => (method === 'POST' ? 3 : 1),
        skip: ({ url }) => url === '/health',
      }),
    );
    app.use((_request, response) => void response.send('hello'));
    const url = await listen(app);
    const fetchAs = (path: string, method = 'GET'): Promise<Response> =>
      fetch(`${url}${path}`, { method, headers: { 'x-user': 'alice' } });

    const answers = [
      await fetchAs('/'),
      await fetchAs('/search', 'POST'),
      await fetchAs('/search', 'POST'),
      await fetchAs('/health'),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 200]);
    expect(answers.map(({ headers }) => headers.get('ratelimit'))).toEqual([
      '"user";r=9;t=54',
      '"expensive";r=2;t=24',
      '"expensive";r=2;t=24',
      null,
    ]);
  });

  it('gives back what a response cost that does not count', async () => {
    const limiter = limiterOf(2);
    const app = express();
    app.use(rateLimit({ limiter, subjectOf: () => 'alice', countWhen: (status) => status < 500 }));
    app.get('/fails', (_request, response) => void response.status(503).send('later'));
    app.get('/', (_request, response) => void response.send('hello'));
    const url = await listen(app);

    for (let i = 0; i < 4; i += 1) expect((await fetch(`${url}/fails`)).status).toBe(503);
    await fetch(url);

    await expect
      .poll(async () => (await limiter.check('alice', { cost: 0 })).limits['user']?.remaining)
      .toBe(1);
  });

  it('lets a handler settle what the request turned out to cost', async () => {
    const limiter = limiterOf(100);
    const app = express();
    app.use(rateLimit({ limiter, subjectOf: () => 'alice' }));
    app.get('/', (request, response) => {
      decisionOn(request, limiter)
        ?.settle(40)
        .then(() => response.send('hello'), response.destroy.bind(response));
    });

    await fetch(await listen(app));

    expect((await limiter.check('alice', { cost: 0 })).limits['user']?.remaining).toBe(60);
  });

  it('leaves the answer to whoever wants to give it', async () => {
    const app = express();
    app.use(
      rateLimit({
        limiter: limiterOf(0),
        subjectOf: () => 'alice',
        refuse: ({ decision, problem }, _request, response) => {
          response.statusCode = problem.status;
          response.end(`slow down: ${decision.violated.join()}`);
        },
      }),
    );

    const refused = await fetch(await listen(app));

    expect([refused.status, await refused.text()]).toEqual([429, 'slow down: user']);
    expect(refused.headers.get('ratelimit')).toBe('"user";r=0');
  });

  it('tells only Retry-After where no headers are wanted', async () => {
    const app = express();
    app.use(rateLimit({ limiter: limiterOf(1), subjectOf: () => 'alice', headers: 'none' }));
    app.get('/', (_request, response) => void response.send('hello'));
    const url = await listen(app);

    const [passed, refused] = [await fetch(url), await fetch(url)];

    expect([passed.headers.has('ratelimit'), refused.headers.has('ratelimit')]).toEqual([false, false]);
    expect([passed.headers.has('retry-after'), refused.headers.has('retry-after')]).toEqual([false, true]);
  });

  const failing = (): never => {
    throw new Error('no');
  };
  it.each([
    ['subjectOf', { subjectOf: failing }],
    ['tagsOf', { tagsOf: failing }],
    ['costOf', { costOf: failing }],
    ['skip', { skip: failing }],
    ['refuse', { refuse: failing }],
    ['a rejecting refuse', { refuse: () => Promise.reject(new Error('no')) }],
  ])('gives the error of %s to the error handler', async (_, options) => {
    const app = express();
    app.use(rateLimit({ limiter: limiterOf(0), subjectOf: () => 'alice', ...options }));
    app.get('/', (_request, response) => void response.send('hello'));
    app.use(tellError);

    const answer = await fetch(await listen(app));

    expect([answer.status, await answer.text()]).toEqual([500, 'told: no']);
  });

  it('gives the error of countWhen to the error handler', async () => {
    const { promise, resolve } = Promise.withResolvers<Error>();
    const app = express();
    app.use(rateLimit({ limiter: limiterOf(1), subjectOf: () => 'alice', countWhen: failing }));
    app.get('/', (_request, response) => void response.send('hello'));
    app.use(((error: Error, _request, _response, _next) => resolve(error)) satisfies ErrorRequestHandler);

    await fetch(await listen(app));

    expect((await promise).message).toBe('no');
  });

  it('refuses a request without a subject instead of letting it pass', async () => {
    const app = express();
    app.use(rateLimit({ limiter: limiterOf(1), subjectOf: () => undefined as unknown as string }));
    app.get('/', (_request, response) => void response.send('hello'));
    app.use(tellError);

    const answer = await fetch(await listen(app));

    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('subject must be');
  });

  it.each([
    ['an allowed', 1],
    ['a refused', 0],
  ])('16.5 headers already sent: writes nothing for %s request', async (_, limit) => {
    const errors: unknown[] = [];
    const app = express();
    app.use((_request, response, next) => {
      response.write('begun');
      next();
      setImmediate(() => response.end());
    });
    app.use(rateLimit({ limiter: limiterOf(limit), subjectOf: () => 'alice' }));
    app.use(() => undefined);
    app.use(((error, _request, _response, _next) => errors.push(error)) satisfies ErrorRequestHandler);

    const answer = await fetch(await listen(app));

    expect([answer.status, await answer.text(), errors]).toEqual([200, 'begun', []]);
    expect(answer.headers.has('ratelimit')).toBe(false);
  });

  it('16.5 HEAD, 304 and 3xx: answers without a body, and leaves redirects alone', async () => {
    const app = express();
    app.use(rateLimit({ limiter: limiterOf(3), subjectOf: () => 'alice' }));
    app.get('/moved', (_request, response) => response.redirect('/'));
    app.get('/', (_request, response) => void response.status(304).end());
    const url = await listen(app);

    const moved = await fetch(`${url}/moved`, { redirect: 'manual' });
    const unchanged = await fetch(url);
    const head = await fetch(url, { method: 'HEAD' });
    const refused = await fetch(url, { method: 'HEAD' });

    expect([moved, unchanged, head, refused].map(({ status }) => status)).toEqual([302, 304, 304, 429]);
    expect([moved, unchanged, head].map(({ headers }) => headers.get('ratelimit'))).toEqual([
      '"user";r=2;t=40',
      '"user";r=1;t=20',
      '"user";r=0;t=60',
    ]);
    expect(await refused.text()).toBe('');
  });

  it('guards plain node:http', async () => {
    const limiter = limiterOf(1);
    const callers = new ClientIdentity({ trustedProxies: 'none' });
    const admit = rateLimit({ limiter, subjectOf: (request) => callers.keyOf(request) });
    const url = await listen((request, response) => admit(request, response, () => response.end('hello')));

    expect([(await fetch(url)).status, (await fetch(url)).status]).toEqual([200, 429]);
    expect((await limiter.check('127.0.0.1', { cost: 0 })).limits['user']?.remaining).toBe(0);
  });

  it('16.5 HTTP/2: writes fields in lower case', async () => {
    const admit = rateLimit({ limiter: limiterOf(4), subjectOf: () => 'alice' });
    const server = createHttp2Server((request, response) =>
      admit(request as never, response as never, () => response.end('hello')),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

    const stream = client.request({ ':path': '/' });
    const headers = await new Promise<object>((resolve) => stream.once('response', resolve));
    client.destroy();
    server.close();

    expect(headers).toMatchObject({ ratelimit: '"user";r=3;t=45', 'ratelimit-policy': '"user";q=4;w=60' });
  });

  it.each([
    ['limiter', { limiter: {} }],
    ['subjectOf', { subjectOf: 'ip' }],
    ['tagsOf', { tagsOf: [] }],
    ['costOf', { costOf: 2 }],
    ['skip', { skip: '/health' }],
    ['countWhen', { countWhen: 500 }],
    ['refuse', { refuse: 'no' }],
    ['headers', { headers: 'all' }],
    ['format', { headers: { format: 'draft-5' } }],
  ])('refuses a wrong %s', (option, wrong) => {
    const options = { limiter: limiterOf(1), subjectOf: () => 'alice', ...wrong } as Parameters<
      typeof rateLimit
    >[0];

    expect(() => rateLimit(options)).toThrow(expect.objectContaining({ option }));
  });
});
