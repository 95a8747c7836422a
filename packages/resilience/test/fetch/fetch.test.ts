import { getEventListeners, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import { withDeadline } from '@holdfast/resilience';
import { type FetchSlots, parseRetryAfterMs, resilientFetch } from '@holdfast/resilience/fetch';
import { afterEach, describe, expect, it } from 'vitest';

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A server whose answers are given one by one, the last one again and again. */
async function serving(...answers: readonly Answer[]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push(request);
    answer?.(request, response);
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, requests, server };
}

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(code, headers).end(String(code));

const eager = { maxRetries: 2, backoff: { initialMs: 0 } };
const opened = (slots: FetchSlots = {}) => resilientFetch('service', { retry: eager, ...slots });

describe('resilientFetch', () => {
  it('gives out what fetch gives out', async () => {
    const { url } = await serving(status(404, { 'x-own': '1' }));
    const response = await opened()(url);

    expect([response.status, response.headers.get('x-own'), await response.text()]).toEqual([
      404,
      '1',
      '404',
    ]);
  });

  it.each([408, 425, 500, 502, 503, 504])('tries again after %d', async (code) => {
    const { url, requests } = await serving(status(code), status(200));
    const response = await opened()(url);

    expect([response.status, await response.text(), requests.length]).toEqual([200, '200', 2]);
  });

  it('gives out the last response when all have failed, readable', async () => {
    const { url, requests } = await serving(status(503));
    const response = await opened()(url);

    expect([response.status, await response.text(), requests.length]).toEqual([503, '503', 3]);
  });

  it('gives out the first response when all executions of a hedge have failed, if that is asked for', async () => {
    const { url } = await serving(
      (_, response) => response.writeHead(503).end('first'),
      (_, response) => response.writeHead(503).end('second'),
    );
    const hedge = { idempotent: true, delay: Infinity, throws: 'first' } as const;

    expect(await (await opened({ retry: undefined, hedge })(url)).text()).toBe('first');
  });

  it('does not try again after other statuses', async () => {
    const { url, requests } = await serving(status(501));

    expect((await opened()(url)).status).toBe(501);
    expect(requests).toHaveLength(1);
  });

  it.each<[string, RequestInit, number]>([
    ['a POST', { method: 'POST', body: 'x' }, 1],
    ['a PATCH', { method: 'PATCH', body: 'x' }, 1],
    ['a POST with an Idempotency-Key', { method: 'POST', body: 'x', headers: { 'Idempotency-Key': '1' } }, 3],
    ['a PUT', { method: 'PUT', body: 'x' }, 3],
    ['a DELETE', { method: 'DELETE' }, 3],
  ])('makes %s so many times at most', async (_, init, times) => {
    const { url, requests } = await serving(status(503));
    await (await opened()(url, init)).text();
    const asRequest = await opened()(new Request(url, init));
    await asRequest.text();

    // The body of a Request is a stream, which can be sent once.
    const streams = init.body === undefined || times === 1 ? times : 1;
    expect(requests).toHaveLength(times + streams);
  });

  it('sends once what is iterated asynchronously, which would be empty the next time', async () => {
    let requests = 0;
    const put = opened({ fetch: async () => new Response(String((requests += 1)), { status: 503 }) });
    const body = (async function* () {
      yield new Uint8Array([1]);
    })();

    await put('http://service/', { method: 'PUT', body: body as unknown as ReadableStream });

    expect(requests).toBe(1);
  });

  it('pays for trying again after 429, which the service has answered', async () => {
    let requests = 0;
    const retry = { ...eager, budget: { earn: () => {}, trySpend: () => requests < 2 } };
    const headers = { 'retry-after': '0' };
    const get = opened({
      retry,
      fetch: async () => new Response(String((requests += 1)), { status: 429, headers }),
    });

    expect(await (await get('http://service/')).text()).toBe('2');
  });

  it('sends a stream once', async () => {
    const { url, requests } = await serving((request, response) =>
      request.resume().on('end', () => response.writeHead(503).end()),
    );
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('body'));
        controller.close();
      },
    });
    const response = await opened()(url, { method: 'PUT', body, duplex: 'half' });

    expect([response.status, requests.length]).toEqual([503, 1]);
  });

  it('RT-09: waits as long as Retry-After says, if the deadline allows', async () => {
    const { url, requests } = await serving(status(503, { 'retry-after': '7200' }), status(200));
    const response = await opened()(url, undefined, { deadlineMs: 60_000 });

    expect([response.status, requests.length]).toEqual([503, 1]);
    const soon = await serving(status(429, { 'retry-after': '0' }), status(200));
    expect((await opened()(soon.url)).status).toBe(200);
  });

  it('opens the circuit after failures, and not after 429 or 404', async () => {
    const { url } = await serving(status(500));
    const breaker = new CircuitBreaker({ window: { calls: 2 }, minCalls: 2, failureRatio: 1 });
    const fetchOnce = resilientFetch('service', { breaker });
    await fetchOnce((await serving(status(404))).url);
    const limited = await serving(status(429));
    for (let call = 0; call < 4; call += 1) expect((await fetchOnce(limited.url)).status).toBe(429);
    expect(breaker.state).toBe('closed');

    await fetchOnce(url);
    await fetchOnce(url);
    expect(breaker.state).toBe('open');
    await expect(fetchOnce(url)).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
  });

  it('retries a connection that is refused', async () => {
    const { url, server } = await serving(status(200));
    server.close();
    const events: string[] = [];
    const fetchAgain = opened();
    fetchAgain.pipeline.events.subscribe(({ event }) => events.push(event.type));

    await expect(fetchAgain(url)).rejects.toBeInstanceOf(TypeError);
    expect(events.filter((type) => type === 'retried')).toHaveLength(2);
  });

  it('times out, and tells the server by ending the connection', async () => {
    const clock = new ManualClock();
    const closed = Promise.withResolvers<void>();
    const { url } = await serving((request) => {
      request.on('close', closed.resolve);
      void clock.advance(50);
    });
    const fetchSoon = resilientFetch('service', { clock, timeout: { timeoutMs: 50 } });

    await expect(fetchSoon(url)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    await closed.promise;
  });

  it('lets a body stream on after the timeout, until its caller leaves', async () => {
    const clock = new ManualClock();
    const served = Promise.withResolvers<ServerResponse>();
    const { url } = await serving((_, response) => {
      response.writeHead(200).write('first');
      served.resolve(response);
    });
    const controller = new AbortController();
    const fetchSoon = resilientFetch('service', { clock, timeout: { timeoutMs: 200 } });
    const { body } = await fetchSoon(url, { signal: controller.signal });
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    const next = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
    const first = await next();
    await clock.advance(1_000);
    (await served.promise).write('second');
    expect([first, await next()]).toEqual(['first', 'second']);
    controller.abort(new Error('left'));

    await expect(reader.read()).rejects.toThrow('left');
  });

  it('ends the connections of responses that it does not give out', async () => {
    const closed = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const endless: Answer = (_, response) => {
      response.on('close', () => closed.pop()?.resolve());
      response.writeHead(503).write('x'.repeat(100_000));
    };
    const ends = closed.map(({ promise }) => promise);
    const { url } = await serving(endless, endless, status(200));

    expect(await (await opened()(url)).text()).toBe('200');
    await Promise.all(ends);
  });

  it('ends the connection of a response whose value is tried again, or gives it to onDiscard', async () => {
    const closed = Promise.withResolvers<void>();
    const { url } = await serving((_, response) => {
      response.on('close', closed.resolve);
      response.writeHead(203).write('x'.repeat(100_000));
    }, status(200));
    const retry = { ...eager, isRetryableValue: (value: unknown) => (value as Response).status === 203 };

    expect(await (await opened({ retry })(url)).text()).toBe('200');
    await closed.promise;

    const discarded: unknown[] = [];
    const again = await serving(status(203), status(200));
    await opened({ retry, onDiscard: (value) => discarded.push(value) })(again.url);
    expect(discarded).toMatchObject([{ status: 203 }]);
  });

  it('leaves one listener on the signal of a caller while a body streams, and none after a failure', async () => {
    const { signal } = new AbortController();
    const { url, server } = await serving((_, response) => response.writeHead(200).write('first'));
    const fetchOnce = resilientFetch('service');
    const bodies = [await fetchOnce(url, { signal }), await fetchOnce(url, { signal })];
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    expect(bodies.map(({ status: code }) => code)).toEqual([200, 200]);

    const other = new AbortController();
    server.close().closeAllConnections();
    await expect(fetchOnce(url, { signal: other.signal })).rejects.toBeInstanceOf(TypeError);
    expect(getEventListeners(other.signal, 'abort')).toEqual([]);
  });

  it('aborts the request as soon as its caller leaves, with the same reason', async () => {
    const caller = new AbortController();
    const seen = Promise.withResolvers<AbortSignal>();
    const fetchOnce = resilientFetch('service', {
      fetch: (_, init) => {
        seen.resolve(init?.signal as AbortSignal);
        return new Promise(() => {});
      },
    });
    const call = fetchOnce('http://service.invalid/', { signal: caller.signal }).catch(
      (error: unknown) => error,
    );
    const requested = await seen.promise;

    caller.abort('left');

    expect([requested.aborted, requested.reason, await call]).toEqual([true, 'left', 'left']);
  });

  it('says what is left of the deadline, unless the caller does', async () => {
    const { url, requests } = await serving(status(200));
    await withDeadline(30_000, async () => opened()(url));
    await opened()(url, { headers: { 'x-deadline-ms': '5' } }, { deadlineMs: 30_000 });
    await opened()(url);

    const [inherited, own, none] = requests.map(({ headers }) => headers['x-deadline-ms']);
    expect(Number(inherited)).toBeGreaterThan(1_000);
    expect(Number(inherited)).toBeLessThanOrEqual(30_000);
    expect([own, none]).toEqual(['5', undefined]);
  });

  it('rejects with the reason of a caller who leaves', async () => {
    const controller = new AbortController();
    const { url } = await serving(() => controller.abort(new Error('left')));

    await expect(opened()(new Request(url, { signal: controller.signal }))).rejects.toThrow('left');
  });

  it('answers from the fallback', async () => {
    const { url } = await serving(status(500));
    const fetchSafely = opened({ fallback: () => new Response('stale') });

    expect(await (await fetchSafely(url)).text()).toBe('stale');
  });

  it('refuses what is no fetch', () => {
    expect(() => opened({ fetch: 1 as never })).toThrow('fetch must be a function, got 1');
  });
});

describe('parseRetryAfterMs', () => {
  const now = Date.UTC(2015, 9, 21, 7, 28, 0);

  it.each<[string | null, number | undefined]>([
    ['120', 120_000],
    ['0', 0],
    [' 3 ', 3_000],
    ['Wed, 21 Oct 2015 07:28:05 GMT', 5_000],
    ['Wed, 21 Oct 2015 07:27:00 GMT', 0],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
    ['99999999999', undefined],
    ['2015-10-21', undefined],
  ])('RT-09: reads %j as %j', (value, expected) => {
    expect(parseRetryAfterMs(value, now)).toBe(expected);
  });
});
