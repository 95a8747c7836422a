import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import { rateLimit } from '@holdfast/rate-limiter/express';
import { rateLimitedFetch, type RateLimitedFetchOptions } from '@holdfast/rate-limiter/fetch';
import { afterEach, describe, expect, it } from 'vitest';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server, and what it was asked for. */
const serve = async (listener: RequestListener): Promise<{ url: string; calls: string[] }> => {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
};

/** Answers one call after the other. */
const serveAnswers = (
  ...answers: readonly { status?: number; headers?: Record<string, string>; body?: string }[]
): ReturnType<typeof serve> => {
  const rest = [...answers];
  return serve((request: IncomingMessage, response) => {
    request.resume();
    const { status = 200, headers = {}, body = '' } = rest.shift() ?? {};
    response.writeHead(status, headers).end(body);
  });
};

const exhausted = (seconds: number): Record<string, string> => ({ RateLimit: `"user";r=0;t=${seconds}` });
const clientOf = (options: RateLimitedFetchOptions = {}): { clock: ManualClock; send: typeof fetch } => {
  const clock = new ManualClock();
  return { clock, send: rateLimitedFetch({ clock, maxWaitMs: 60_000, ...options }) };
};
const statusOf = async (answer: Promise<Response>): Promise<number> => (await answer).status;

describe('rateLimitedFetch', () => {
  it('waits before a call that the last answer says would be refused', async () => {
    const { url, calls } = await serveAnswers({ headers: exhausted(3) });
    const { clock, send } = clientOf();
    await send(url);

    const second = send(url);
    await clock.advance(2_999);
    const before = calls.length;
    await clock.advance(1);

    expect([before, await statusOf(second), calls.length]).toEqual([1, 200, 2]);
  });

  it.each<[string, Record<string, string>]>([
    ['draft -07', { RateLimit: 'limit=10, remaining=0, reset=3' }],
    ['draft -06', { 'RateLimit-Remaining': '0', 'RateLimit-Reset': '3' }],
    ['X-RateLimit', { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '3' }],
  ])('honours %s as well', async (_, headers) => {
    const { url, calls } = await serveAnswers({ headers });
    const { clock, send } = clientOf();
    await send(url);

    const second = send(url);
    await clock.advance(2_999);
    const before = calls.length;
    await clock.advance(1);
    await second;

    expect([before, calls.length]).toEqual([1, 2]);
  });

  it.each([1, 9])('waits for Retry-After rather than for a time of %i s', async (seconds) => {
    const { url, calls } = await serveAnswers({
      status: 429,
      headers: { ...exhausted(seconds), 'Retry-After': '5' },
    });
    const { clock, send } = clientOf();
    expect(await statusOf(send(url))).toBe(429);

    const second = send(url);
    await clock.advance(4_999);
    const before = calls.length;
    await clock.advance(1);

    expect([before, await statusOf(second)]).toEqual([1, 200]);
  });

  it('sends as many calls at once as are left, and lets the rest wait', async () => {
    const { url, calls } = await serve((_request, response) => {
      if (calls.length === 1) response.setHeader('RateLimit', '"user";r=2;t=4');
      response.end();
    });
    const { clock, send } = clientOf();
    await send(url);

    const [first, second, third] = [send(url), send(url), send(url)];
    await Promise.all([first, second]);
    const before = [calls.length, clock.pending()];
    await clock.advance(4_000);
    await third;

    expect([before, calls.length]).toEqual([[3, 1], 4]);
  });

  it('lets one call go first when a wait is over, and the others when its answer allows them', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { url, calls } = await serve((_request, response) => {
      if (calls.length === 2)
        return void promise.then(() => response.setHeader('RateLimit', '"user";r=9;t=9').end());
      response.setHeader('RateLimit', '"user";r=0;t=3').end();
    });
    const { clock, send } = clientOf();
    await send(url);

    const waiting = [send(url), send(url), send(url)];
    await clock.advance(3_000);
    await expect.poll(() => calls.length).toBe(2);
    await clock.advance(1);
    const before = calls.length;
    resolve();
    await Promise.all(waiting);

    expect([before, calls.length]).toEqual([2, 4]);
  });

  it('goes by the answer to the latest call, not by the answer that comes last', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { url, calls } = await serve((_request, response) => {
      if (calls.length === 1)
        return void promise.then(() => response.setHeader('RateLimit', '"user";r=9;t=9').end());
      response.writeHead(429, { RateLimit: '"user";r=0;t=61', 'Retry-After': '61' }).end();
    });
    const { send } = clientOf();
    const first = send(url);
    await expect.poll(() => calls.length).toBe(1);
    await send(url);

    resolve();
    await first;

    await expect(send(url)).rejects.toMatchObject({ code: 'ERR_RATE_LIMITED', retryAfterMs: 61_000 });
  });

  it('does not send a call that would have to wait longer than it may', async () => {
    const { url, calls } = await serveAnswers({ headers: exhausted(61) });
    const { clock, send } = clientOf({ name: 'catalogue' });
    await send(url);

    await expect(send(url)).rejects.toMatchObject({
      code: 'ERR_RATE_LIMITED',
      policy: 'catalogue',
      limit: 'user',
      retryAfterMs: 61_000,
    });
    expect([calls.length, clock.pending()]).toEqual([1, 0]);
  });

  it('ends a wait with the reason of the signal, and sends nothing', async () => {
    const { url, calls } = await serveAnswers({ headers: exhausted(3) });
    const { clock, send } = clientOf();
    const controller = new AbortController();
    await send(url);

    const second = send(url, { signal: controller.signal });
    controller.abort(new Error('enough'));

    await expect(second).rejects.toThrow('enough');
    expect([calls.length, clock.pending()]).toEqual([1, 0]);
    await expect(send(new Request(url, { signal: controller.signal }))).rejects.toThrow('enough');
  });

  it('lets callers with other credentials, and other servers, go on', async () => {
    const [one, other] = [await serveAnswers({ headers: exhausted(3) }), await serveAnswers()];
    const { send } = clientOf();
    const authorization = (token: string): RequestInit => ({ headers: { authorization: token } });
    await send(one.url, authorization('alice'));

    await send(one.url, authorization('bob'));
    await send(other.url, authorization('alice'));

    expect([one.calls.length, other.calls.length]).toEqual([2, 1]);
  });

  it('groups calls by path, if told so', async () => {
    const { url, calls } = await serveAnswers({ headers: exhausted(3) });
    const { send } = clientOf({ groupOf: ({ pathname }) => pathname });
    await send(`${url}/search`);

    await send(`${url}/status`);

    expect(calls).toEqual(['GET /search', 'GET /status']);
  });

  it('waits for a limit only if all partitions that it knows are used up', async () => {
    const { url, calls } = await serveAnswers(
      { headers: { RateLimit: '"user";r=0;t=3;pk=:AQ==:' } },
      { headers: { RateLimit: '"user";r=1;t=3;pk=:Ag==:' } },
    );
    const { clock, send } = clientOf();
    await send(url);
    const second = send(url);
    await clock.advance(3_000);
    await second;

    await send(url);

    expect(calls).toHaveLength(3);
  });

  it('takes bytes that are left for no number of calls', async () => {
    const headers = {
      'RateLimit-Policy': '"bytes";q=9;w=9;qu="content-bytes"',
      RateLimit: '"bytes";r=1;t=9',
    };
    const { url, calls } = await serveAnswers({ headers });
    const { send } = clientOf();

    for (let i = 0; i < 3; i += 1) await send(url);

    expect(calls).toHaveLength(3);
  });

  it.each([
    ['a cached answer', { ...exhausted(3), age: '7' }],
    ['a limit without a time', { RateLimit: '"user";r=0' }],
    ['a time that is over', { RateLimit: '"user";r=0;t=0' }],
    ['Retry-After of an answer that is no refusal', { 'Retry-After': '9' }],
  ])('is not held up by %s', async (_, headers) => {
    const { url, calls } = await serveAnswers({ headers });
    const { send } = clientOf();
    await send(url);

    await send(url);

    expect(calls).toHaveLength(2);
  });

  it('does not take what another server says after a redirect for its own', async () => {
    const target = await serveAnswers({ headers: exhausted(3) });
    const { url, calls } = await serveAnswers({ status: 307, headers: { location: target.url } });
    const { send } = clientOf();
    await send(url);

    await send(url);

    expect(calls).toHaveLength(2);
  });

  it('believes no server for longer than a day', async () => {
    const { url } = await serveAnswers({ headers: exhausted(10 ** 12) });
    const { send } = clientOf();
    await send(url);

    await expect(send(url)).rejects.toMatchObject({ retryAfterMs: 86_400_000 });
  });

  it('16.4 local maps: remembers a bounded number of groups, those used last', async () => {
    const { url, calls } = await serveAnswers(
      ...Array.from({ length: 4 }, () => ({ headers: exhausted(61) })),
    );
    const { send } = clientOf({ maxGroups: 2, groupOf: ({ pathname }) => pathname });
    const refusal = expect.objectContaining({ code: 'ERR_RATE_LIMITED' });
    await send(`${url}/a`);
    await send(`${url}/b`);
    await expect(send(`${url}/a`)).rejects.toEqual(refusal);

    await send(`${url}/c`);

    await expect(send(`${url}/a`)).rejects.toEqual(refusal);
    await send(`${url}/b`);
    expect(calls).toEqual(['GET /a', 'GET /b', 'GET /c', 'GET /b']);
  });

  it('remembers a bounded number of limits', async () => {
    const many = (from: number, rest: number): string =>
      Array.from({ length: 32 }, (_, i) => `"limit ${from + i}";r=${rest};t=61`).join(', ');
    const { url, calls } = await serveAnswers(
      { headers: { RateLimit: '"first";r=1;t=61' } },
      { headers: { RateLimit: many(0, 9) } },
    );
    const { send } = clientOf();

    for (let i = 0; i < 3; i += 1) await send(url);

    expect(calls).toHaveLength(3);
  });

  it('does nothing to an error of the network', async () => {
    const { send } = clientOf({ fetch: () => Promise.reject(new TypeError('offline')) });

    await expect(send('http://127.0.0.1:1')).rejects.toThrow('offline');
  });

  it('keeps a busy client under the limit of a server, without a refusal', async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 10, windowMs: 10_000 } }, clock });
    const admit = rateLimit({ limiter, subjectOf: () => 'alice' });
    const statuses: number[] = [];
    const { url } = await serve((request, response) => {
      response.once('finish', () => statuses.push(response.statusCode));
      admit(request, response, () => response.end());
    });
    const send = rateLimitedFetch({ clock, maxWaitMs: 60_000 });

    for (let i = 0; i < 25; i += 1) {
      const answer = send(url);
      let settled = false;
      void answer.finally(() => (settled = true));
      await expect
        .poll(async () => {
          if (clock.pending() > 0) await clock.advance(1_000);
          return settled;
        })
        .toBe(true);
    }

    expect(statuses.filter((status) => status === 429)).toEqual([]);
    expect(statuses).toHaveLength(25);
    expect(clock.now()).toBeLessThanOrEqual(30_000);
  });

  it.each([
    ['name', { name: '' }],
    ['maxWaitMs', { maxWaitMs: -1 }],
    ['retry', { retry: 11 }],
    ['groupOf', { groupOf: 'origin' }],
    ['maxGroups', { maxGroups: 0 }],
    ['fetch', { fetch: {} }],
    ['clock', { clock: {} }],
  ])('refuses a wrong %s', (option, options) => {
    expect(() => rateLimitedFetch(options as RateLimitedFetchOptions)).toThrow(
      expect.objectContaining({ option }),
    );
  });
});

describe('rateLimitedFetch with retries', () => {
  const refusal = (status: number, seconds: number): object => ({
    status,
    headers: { 'Retry-After': String(seconds) },
    body: 'later',
  });
  const sendOnce = async (
    answers: readonly object[],
    init?: (url: string) => RequestInit | Request,
  ): Promise<{ status: number; calls: number; waitedMs: number }> => {
    const { url, calls } = await serveAnswers(...answers);
    const { clock, send } = clientOf({ retry: 2 });
    const given = init?.(url) ?? {};
    const answer = given instanceof Request ? send(given) : send(url, given);
    let status = 0;
    answer.then(
      (response) => (status = response.status),
      () => (status = -1),
    );
    await expect
      .poll(async () => {
        if (clock.pending() > 0) await clock.advance(1_000);
        return status;
      })
      .not.toBe(0);
    return { status, calls: calls.length, waitedMs: clock.now() };
  };

  it('sends a refused call again after Retry-After, as often as it may', async () => {
    expect(await sendOnce([refusal(429, 2), refusal(503, 3)])).toEqual({
      status: 200,
      calls: 3,
      waitedMs: 5_000,
    });
    expect(await sendOnce([refusal(429, 2), refusal(429, 3), refusal(429, 4)])).toEqual({
      status: 429,
      calls: 3,
      waitedMs: 5_000,
    });
  });

  it('sends it again after Retry-After also where a cache or another server told it', async () => {
    const old = { status: 429, headers: { 'Retry-After': '2', Age: '1' } };

    expect(await sendOnce([old])).toEqual({ status: 200, calls: 2, waitedMs: 2_000 });
  });

  it('sends it again after Retry-After, whatever other calls are told meanwhile', async () => {
    const sentAt: number[] = [];
    const answers: ((response: Response) => void)[] = [];
    const { clock, send } = clientOf({
      retry: 1,
      fetch: () => {
        sentAt.push(clock.now());
        return new Promise((resolve) => answers.push(resolve));
      },
    });
    const refused = send('http://127.0.0.1/refused');
    const passed = send('http://127.0.0.1/passed');
    await clock.advance(0);
    answers[0]?.(new Response('', { status: 429, headers: { 'Retry-After': '10' } }));
    await clock.advance(1_000);
    answers[1]?.(new Response());
    await passed;

    await clock.advance(9_000);
    answers[2]?.(new Response());

    expect(await statusOf(refused)).toBe(200);
    expect(sentAt).toEqual([0, 0, 10_000]);
  });

  it.each<[string, number, RequestInit, number]>([
    ['a POST after 429', 429, { method: 'POST', body: 'text' }, 2],
    ['a POST after 503, which may have been done', 503, { method: 'POST', body: 'text' }, 1],
    ['a PUT after 503', 503, { method: 'put', body: new URLSearchParams({ a: '1' }) }, 2],
    ['a form', 429, { method: 'POST', body: new FormData() }, 2],
    ['bytes', 429, { method: 'POST', body: new Uint8Array([1]) }, 2],
  ])('treats %s as its method and body allow', async (_, status, init, calls) => {
    expect(await sendOnce([refusal(status, 1)], () => init)).toMatchObject({ calls });
  });

  it('does not send a stream twice', async () => {
    const stream = (): RequestInit => ({
      method: 'PUT',
      body: new Blob(['text']).stream(),
      duplex: 'half',
    });

    expect(await sendOnce([refusal(429, 1)], stream)).toMatchObject({ status: 429, calls: 1 });
    expect(
      await sendOnce([refusal(429, 1)], (url) => new Request(url, { method: 'PUT', body: 'text' })),
    ).toMatchObject({ status: 429, calls: 1 });
    expect(await sendOnce([refusal(429, 1)], (url) => new Request(url))).toMatchObject({
      status: 200,
      calls: 2,
    });
  });

  it('gives the refusal to the caller where there is no Retry-After, or one too late', async () => {
    expect(await sendOnce([{ status: 429 }])).toMatchObject({ status: 429, calls: 1 });
    expect(await sendOnce([refusal(429, 61)])).toMatchObject({ status: 429, calls: 1, waitedMs: 0 });
  });
});
