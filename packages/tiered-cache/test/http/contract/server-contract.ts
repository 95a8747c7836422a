import { Readable } from 'node:stream';

import { ManualClock } from '@holdfast/core/testing';
import type { ResponseCache } from '@holdfast/tiered-cache/http';
import { afterEach, describe, expect, it } from 'vitest';

import {
  counted,
  type Page,
  type Pages,
  type Reply,
  type Rig,
  type RigOptions,
  setUp,
  type Site,
} from './site.ts';

/** What stands before the cache in an application, by whatever means the framework has. */
export interface Front {
  /** Sets headers on every response before the page runs. */
  readonly headers?: (
    headers: Readonly<Record<string, string | undefined>>,
  ) => Readonly<Record<string, string>>;
  /** Told of the headers of a request when its response is complete. */
  readonly log?: (headers: Readonly<Record<string, string | undefined>>) => void;
}

export type OpenServer = (responses: ResponseCache<never>, pages: Pages, front?: Front) => Promise<Site>;

/** What adapters for servers do alike, beside what every adapter does. */
export function serverContract(adapter: string, open: OpenServer): void {
  describe(`${adapter} in a server`, () => {
    const sites: Site[] = [];

    const start = async (
      pages: Pages,
      options: RigOptions = {},
      front: Front = {},
    ): Promise<Rig & { readonly site: Site }> => {
      const rig = setUp(options);
      const site = await open(rig.responses, pages, front);
      sites.push(site);
      return { ...rig, site };
    };

    afterEach(async () => {
      for (const site of sites.splice(0)) await site.close();
    });

    it('stores nothing that was set before the page ran: every response gets its own', async () => {
      const pages = counted(() => ({ headers: { 'x-page': '1' }, body: 'hello' }));
      let requests = 0;
      const front = { headers: () => ({ 'x-request-id': `request ${(requests += 1)}`, 'x-page': '0' }) };
      const { site } = await start(pages, {}, front);

      const answers = [await site.ask('/a'), await site.ask('/a')];

      expect(pages.runs).toBe(1);
      expect(answers.map(({ headers }) => headers['x-request-id'])).toEqual(['request 1', 'request 2']);
      expect(answers.map(({ headers }) => headers['x-page'])).toEqual(['1', '1']);
    });

    it('stores nothing for which a cookie was set before the page ran', async () => {
      const pages = counted(() => ({ body: 'token' }));
      const { site } = await start(pages, {}, { headers: () => ({ 'set-cookie': 'csrf=token' }) });

      await site.ask('/a');
      expect((await site.ask('/a')).headers['set-cookie']).toBe('csrf=token');
      expect(pages.runs).toBe(2);
    });

    it('shows the conditions of the client to whoever looks when the response is complete', async () => {
      const logged: unknown[] = [];
      const front = { log: (headers: Reply['headers']) => logged.push(headers['if-none-match']) };
      const pages: Pages = ({ url }) => ({
        body: url === '/a' ? 'hello' : Readable.from([Buffer.from('hello')]),
      });
      const { site } = await start(pages, {}, front);

      const headers = { 'if-none-match': '"x"' };
      await site.ask('/a', { headers });
      await site.ask('/stream', { headers });

      await expect.poll(() => logged).toEqual(['"x"', '"x"']);
    });

    it('keeps the cookie of a failure that a stale response stands in for', async () => {
      const pages = counted((): Page => {
        if (pages.runs === 1) return { body: 'old' };
        return { status: 500, headers: { 'set-cookie': 'a=1', 'x-broken': '1' }, body: 'down' };
      });
      const { site, clock } = await start(pages, { staleIfErrorMs: 60_000 });
      await site.ask('/a');
      clock.advanceSync(61_000);

      const { body, headers } = await site.ask('/a');

      expect(body).toBe('old');
      expect(headers['set-cookie']).toBe('a=1');
      expect(headers['x-broken']).toBeUndefined();
    });

    it('has others run the page themselves when its client has left and it falls silent', async () => {
      const pages = counted(() =>
        pages.runs === 1 ? new Promise<never>(() => {}) : { body: `run ${pages.runs}` },
      );
      const clock = new ManualClock();
      const { site, cache } = await start(pages, { handoverMs: 5_000, clock });
      const leaving = new AbortController();
      const left = site.ask('/a', { signal: leaving.signal });
      await expect.poll(() => pages.runs).toBe(1);
      const asked = site.ask('/a');
      await expect.poll(() => cache.statistics().tiers.l1?.misses).toBe(2);

      leaving.abort();
      await expect(left).rejects.toMatchObject({ name: 'AbortError' });
      await expect.poll(() => clock.pending('background')).toBe(1);
      clock.advanceSync(4_999);
      expect(pages.runs).toBe(1);
      clock.advanceSync(1);

      expect(await asked).toMatchObject({ status: 200, body: 'run 2' });
    });

    it('sends the request of a background run through everything, with the headers that it had', async () => {
      const seen: unknown[] = [];
      const pages = counted(({ url, headers }) => {
        seen.push([url, headers['accept-language'], headers['host']]);
        return { body: `run ${pages.runs}` };
      });
      const front = { headers: (headers: Reply['headers']) => ({ 'x-host': String(headers['host']) }) };
      const { site, clock } = await start(pages, { staleWhileRevalidateMs: 60_000 }, front);
      const headers = { 'accept-language': 'de', host: 'example.com', 'if-none-match': '"x"' };
      await site.ask('/a?b=1', { headers });
      clock.advanceSync(61_000);

      expect((await site.ask('/a?b=1', { headers })).body).toBe('run 1');

      await expect.poll(async () => (await site.ask('/a?b=1', { headers })).body).toBe('run 2');
      const expected = ['/a?b=1', 'de', 'example.com'];
      expect(seen).toEqual([expected, expected]);
    });

    it('keeps nothing of a background run for somebody who is no longer the same', async () => {
      // The client's two requests, the one in the background, and another one of the client.
      const users = ['ann', 'ann', undefined, 'ann'];
      const pages = counted(() => ({ body: `run ${pages.runs}` }));
      const { site, cache, clock } = await start(pages, {
        identity: () => users.shift(),
        staleWhileRevalidateMs: 60_000,
      });
      const events: unknown[] = [];
      cache.events.subscribe((event) => events.push(event));
      await site.ask('/a');
      clock.advanceSync(61_000);

      expect((await site.ask('/a')).body).toBe('run 1');
      await expect.poll(() => events).toMatchObject([{ type: 'refresh-failed' }]);

      expect((await site.ask('/a')).body).toBe('run 1');
      expect(users).toEqual([]);
    });

    it('leaves no timer behind', async () => {
      const pages = counted((): Page => ({ body: `run ${pages.runs}` }));
      const own = new ManualClock();
      const { site, clock } = await start(pages, { staleWhileRevalidateMs: 60_000, clock: own });
      await site.ask('/a');
      for (const each of [clock, own]) each.advanceSync(61_000);
      await site.ask('/a');
      await expect.poll(async () => (await site.ask('/a')).body).toBe('run 2');

      await site.close();
      expect(own.pending()).toBe(0);
    });
  });
}
