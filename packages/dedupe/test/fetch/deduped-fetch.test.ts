import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ManualClock } from '@holdfast/core/testing';
import { BodyLagError, dedupedFetch, type DedupedFetchOptions } from '@holdfast/dedupe/fetch';
import { until } from '@holdfast/test-support';
import { describe, expect, it, onTestFinished } from 'vitest';

interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A real server whose responses the test writes by hand. */
async function serve(options: DedupedFetchOptions = {}) {
  const visits: Visit[] = [];
  const server = createServer((request, response) => void visits.push({ request, response }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const visit = async (index: number): Promise<Visit> => {
    await until(`visit ${index}`, () => visits.length > index);
    return visits[index]!;
  };
  return { url, visits, visit, fetch: dedupedFetch(options) };
}

describe('dedupedFetch', () => {
  it('sends one request for identical callers, and each reads a response of its own', async () => {
    const { fetch, url, visit, visits } = await serve();
    const asking = Array.from({ length: 10 }, () => fetch(`${url}/a#part`));

    (await visit(0)).response.writeHead(201, 'Made', { 'x-dish': 'soup' }).end('hello');
    const responses = await Promise.all(asking);

    expect(new Set(responses).size).toBe(10);
    for (const response of responses) {
      expect(response).toMatchObject({ status: 201, statusText: 'Made', url: `${url}/a`, type: 'basic' });
      expect(response.headers.get('x-dish')).toBe('soup');
      expect(await response.text()).toBe('hello');
    }
    expect(visits).toHaveLength(1);
    expect(fetch.dedupe.statistics()).toMatchObject({ calls: { leader: 1, follower: 9 }, inFlight: 0 });
  });

  it('gives every byte of a long body to readers of any pace, also when one stops', async () => {
    const { fetch, url, visit } = await serve();
    const asking = [1, 2, 3].map(() => fetch(url));
    const text = 'abcdefghij'.repeat(30_000);
    const { response } = await visit(0);

    for (let at = 0; at < text.length; at += 70_000) response.write(text.slice(at, at + 70_000));
    response.end();
    const [first, second, third] = await Promise.all(asking);
    await third?.body?.cancel();

    expect([await first?.text(), await second?.text()]).toEqual([text, text]);
  });

  it.each<[string, string, RequestInit | undefined, string, RequestInit | undefined]>([
    ['URLs', '/a', undefined, '/b', undefined],
    ['headers', '/a', { headers: { authorization: '1' } }, '/a', { headers: { authorization: '2' } }],
    ['methods', '/a', undefined, '/a', { method: 'HEAD' }],
    ['cache modes', '/a', undefined, '/a', { cache: 'no-store' }],
    ['ways to redirect', '/a', undefined, '/a', { redirect: 'manual' }],
  ])('sends requests with different %s each', async (_what, one, oneInit, other, otherInit) => {
    const { fetch, url, visit } = await serve();
    const asking = [fetch(url + one, oneInit), fetch(url + other, otherInit)];

    for (const index of [0, 1]) (await visit(index)).response.end();

    expect((await Promise.all(asking)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('takes headers that trace calls for no difference', async () => {
    const { fetch, url, visit } = await serve();
    const asking = ['1', '2'].map((id) =>
      fetch(url, { headers: { 'X-Request-Id': id, accept: 'text/plain' } }),
    );

    (await visit(0)).response.end('shared');

    expect(await Promise.all(asking.map(async (response) => (await response).text()))).toEqual([
      'shared',
      'shared',
    ]);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('sends each %s as it is', async (method) => {
    const { fetch, url, visit } = await serve();
    const asking = ['one', 'two'].map((body) => {
      const init = { method, body };
      return fetch(url, init);
    });

    const bodies: string[] = [];
    for (const index of [0, 1]) {
      const { request, response } = await visit(index);
      for await (const part of request) bodies.push(String(part));
      response.end();
    }
    await Promise.all(asking);

    expect(bodies.toSorted()).toEqual(['one', 'two']);
  });

  it('lets a caller leave alone, before and while it reads', async () => {
    const { fetch, url, visit, visits } = await serve();
    const [early, late] = [new AbortController(), new AbortController()];
    const left = fetch(url, { signal: early.signal });
    const reading = fetch(new Request(url, { signal: late.signal }));
    const staying = fetch(url);
    const { response } = await visit(0);

    early.abort('gone early');
    await expect(left).rejects.toBe('gone early');
    response.write('begun, ');
    const body = (await reading).text();
    late.abort('gone late');
    await expect(body).rejects.toBe('gone late');
    response.end('done');

    expect(await (await staying).text()).toBe('begun, done');
    expect(visits).toHaveLength(1);
  });

  it('aborts the request with its last caller, before and while it is read', async () => {
    const { fetch, url, visit } = await serve();
    for (const [index, begin] of [
      [0, () => undefined],
      [1, (response: ServerResponse) => response.write('begun')],
    ] as const) {
      const callers = [new AbortController(), new AbortController()];
      const asking = callers.map(({ signal }) => fetch(url, { signal }).then((response) => response.text()));
      const { response } = await visit(index);
      const closed = once(response, 'close');
      begin(response);

      for (const caller of callers) caller.abort('gone');

      for (const call of asking) await expect(call).rejects.toBe('gone');
      await closed;
      expect(response.writableFinished).toBe(false);
    }
  });

  it('aborts the body of a lone caller with its signal', async () => {
    const { fetch, url, visit } = await serve();
    const caller = new AbortController();
    const asking = fetch(url, { signal: caller.signal });
    const { response } = await visit(0);
    response.write('begun');
    const body = (await asking).text();

    caller.abort('gone');

    await expect(body).rejects.toBe('gone');
    await once(response, 'close');
  });

  it('shares a failure, by reference, and sends anew after it', async () => {
    const failure = new TypeError('no network');
    let sent = 0;
    const fetch = dedupedFetch({
      fetch: async () => {
        sent += 1;
        throw failure;
      },
    });

    const outcomes = await Promise.allSettled([fetch('http://a.example'), fetch('http://a.example')]);
    await expect(fetch('http://a.example')).rejects.toBe(failure);

    expect(outcomes).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ]);
    expect(sent).toBe(2);
  });

  it('shares a response without a body, and a failure of the body', async () => {
    const { fetch, url, visit } = await serve();
    const empty = [1, 2].map(() => fetch(`${url}/empty`));
    (await visit(0)).response.writeHead(204).end();
    expect((await Promise.all(empty)).map(({ status, body }) => [status, body])).toEqual([
      [204, null],
      [204, null],
    ]);

    const asking = [1, 2].map(async () => (await fetch(`${url}/broken`)).text());
    const { response } = await visit(1);
    response.writeHead(200, { 'content-length': '100' }).write('begun');
    const outcomes = Promise.allSettled(asking);
    await until('it has been sent', () => response.writableLength === 0);
    response.destroy();

    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('reads no further than its readers, however many there are', async () => {
    let given = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          given += 1;
          controller.enqueue(new Uint8Array(1));
        },
      },
      { highWaterMark: 0 },
    );
    const fetch = dedupedFetch({ fetch: async () => new Response(body) });
    const responses = await Promise.all([1, 2, 3].map(() => fetch('http://a.example')));
    const readers = responses.map((response) => response.body!.getReader());

    for (let part = 1; part <= 3; part += 1) {
      await Promise.all(readers.map((reader) => reader.read()));
      expect(given).toBe(part);
    }
  });

  it('holds no more of a body than it may for a caller that does not read', async () => {
    const part = new Uint8Array(1_000);
    let given = 0;
    const body = (): ReadableStream<Uint8Array> =>
      new ReadableStream(
        {
          pull: (controller) => {
            given += 1;
            if (given > 10) controller.close();
            else controller.enqueue(part);
          },
        },
        { highWaterMark: 0 },
      );
    const clock = new ManualClock();
    const fetch = dedupedFetch({ fetch: async () => new Response(body()), maxLagBytes: 3_000, clock });
    const [reads, idles] = await Promise.all([fetch('http://a.example'), fetch('http://a.example')]);

    const whole = await reads.bytes();

    expect(whole.byteLength).toBe(10_000);
    await expect(idles.bytes()).rejects.toBeInstanceOf(BodyLagError);
  });

  it.each([
    [{ fetch: 1 as never }, 'fetch must be a function, got 1'],
    [{ ignoreHeaders: [''] }, "ignoreHeaders must be a string that is not empty, got ''"],
    [{ maxLagBytes: 0 }, 'maxLagBytes must be a whole number of at least 1, got 0'],
    [{ maxAgeMs: -1 }, 'maxAgeMs must be a finite number of milliseconds of at least 0, got -1'],
  ])('refuses %o', (options, message) => {
    expect(() => dedupedFetch(options)).toThrow(message);
  });
});
