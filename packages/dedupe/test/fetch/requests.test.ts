import { dedupedFetch, type DedupedFetchOptions } from '@holdfast/dedupe/fetch';
import { describe, expect, it, vi } from 'vitest';

const url = 'http://a.example/';

/** A `fetch` over one that answers at once, and the requests which that one gets. */
function start(options: DedupedFetchOptions = {}, answer = () => new Response('page')) {
  const sent: Request[] = [];
  const fetch = dedupedFetch({
    fetch: async (request) => {
      sent.push(request as Request);
      return answer();
    },
    ...options,
  });
  /** How many requests are sent for these, which come at the same time. */
  const count = async (...inits: readonly RequestInit[]): Promise<number> => {
    await Promise.all(inits.map((init) => fetch(url, init)));
    return sent.length;
  };
  return { count, fetch, sent };
}

const headed = (name: string): readonly RequestInit[] =>
  ['1', '2'].map((value) => ({ headers: { [name]: value } }));

describe('dedupedFetch sends one request', () => {
  it.each(['traceparent', 'tracestate', 'baggage', 'x-request-id', 'x-correlation-id'])(
    'for callers that differ by %s',
    async (name) => {
      expect(await start().count(...headed(name))).toBe(1);
    },
  );

  it('for callers that differ by what it is told to ignore, and by nothing else', async () => {
    const options = { ignoreHeaders: ['X-Span'] };

    expect(await start(options).count(...headed('x-span'))).toBe(1);
    expect(await start(options).count(...headed('x-request-id'))).toBe(2);
  });

  it.each(['GET', 'HEAD'])('for callers of %s', async (method) => {
    expect(await start().count({ method }, { method })).toBe(1);
  });

  it('for callers that name their headers in another order', async () => {
    expect(await start().count({ headers: { a: '1', b: '2' } }, { headers: { b: '2', a: '1' } })).toBe(1);
  });
});

describe('dedupedFetch sends two requests', () => {
  it.each<[string, RequestInit]>([
    ['credentials', { credentials: 'omit' }],
    ['modes', { mode: 'same-origin' }],
    ['digests', { integrity: 'sha256-1' }],
    ['referrers', { referrer: '' }],
  ])('for callers with different %s', async (_what, init) => {
    expect(await start().count({}, init)).toBe(2);
  });

  it('over a bound', async () => {
    const { count, fetch } = start({ maxWaiters: 1 });

    expect(await count({}, {})).toBe(2);
    expect(fetch.dedupe.statistics()).toMatchObject({ overflowed: 1 });
  });
});

describe('dedupedFetch', () => {
  it('gives a caller that nobody has joined what the platform gave', async () => {
    const response = new Response('page');

    expect(await start({}, () => response).fetch(url)).toBe(response);
  });

  it('gives each caller a copy of a response that tells nothing of itself', async () => {
    const response = Response.error();
    const { fetch } = start({}, () => response);

    const copies = await Promise.all([fetch(url), fetch(url)]);

    expect(new Set([response, ...copies]).size).toBe(3);
    expect(copies).toMatchObject([{ type: 'error' }, { type: 'error' }]);
  });

  it('holds 5 mebibytes of a body for a caller that does not read, and not a byte more', async () => {
    const mebibyte = new Uint8Array(2 ** 20);
    for (const [last, outcome] of [
      [0, 'held'],
      [1, 'lost'],
    ] as const) {
      const parts = [...Array.from({ length: 5 }, () => mebibyte), new Uint8Array(last)];
      const { fetch } = start(
        {},
        () => new Response(ReadableStream.from(parts.filter((part) => part.length))),
      );
      const [reads, idles] = await Promise.all([fetch(url), fetch(url)]);
      await reads.bytes();

      const held = await idles.bytes().then(
        () => 'held',
        () => 'lost',
      );
      expect(held).toBe(outcome);
    }
  });

  it("sends by the platform's own fetch, as it is when a call is made", async () => {
    const fetch = dedupedFetch();
    const platform = vi.spyOn(globalThis, 'fetch').mockResolvedValueOnce(new Response('of the platform'));
    try {
      expect(await (await fetch(url)).text()).toBe('of the platform');
      expect(platform).toHaveBeenCalledExactlyOnceWith(expect.any(Request), {
        signal: expect.any(AbortSignal),
      });
    } finally {
      platform.mockRestore();
    }
  });

  it('is called fetch, unless it is told a name', () => {
    expect([start().fetch.dedupe.name, start({ name: 'prices' }).fetch.dedupe.name]).toEqual([
      'fetch',
      'prices',
    ]);
  });
});
