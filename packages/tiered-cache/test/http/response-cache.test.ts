import { settle } from '@holdfast/core/testing';
import { createCache, MemoryCache } from '@holdfast/tiered-cache';
import {
  cachedHandler,
  responseCache,
  type ResponseLoader,
  type ResponseTerms,
} from '@holdfast/tiered-cache/http';
import { describe, expect, it } from 'vitest';

import { fetchSite } from './contract/fetch-site.ts';
import {
  counted,
  type Page,
  type Pages,
  type Question,
  type Rig,
  type RigOptions,
  setUp,
  type Site,
} from './contract/site.ts';

type Counted = Pages & { runs: number };

const start = async (
  pages: Pages,
  options: RigOptions = {},
): Promise<Rig & Site & { readonly pages: Counted }> => {
  const rig = setUp(options);
  const counting = counted(pages);
  return { ...rig, ...(await fetchSite(rig.responses, counting)), pages: counting };
};

/** A page that tells how often it was made. */
const numbered = (headers: Page['headers'] = {}, status = 200): Pages => {
  let runs = 0;
  return () => ({ status, headers, body: `run ${(runs += 1)}` });
};

const bodies = async (site: Site, ...questions: readonly (Question | string)[]): Promise<string[]> => {
  const found: string[] = [];
  for (const question of questions) {
    const path = typeof question === 'string' ? question : '/a';
    found.push((await site.ask(path, typeof question === 'string' ? {} : question)).body);
  }
  return found;
};

const having = (headers: Record<string, string>): Question => ({ headers });

describe('a response cache', () => {
  describe('tells requests apart', () => {
    it('by host, path and query, but not by the order of parameters with different names', async () => {
      const site = await start(numbered());

      expect(
        await bodies(
          site,
          '/a',
          '/a?',
          '/a?x=1&y=2',
          '/a?y=2&x=1',
          '/a?&y=2&&x=1',
          '/a?x=1&x=2',
          '/a?x=2&x=1',
          '/a/',
          '/A',
          having({ host: 'other' }),
          '/a',
        ),
      ).toEqual([
        'run 1',
        'run 1',
        'run 2',
        'run 2',
        'run 2',
        'run 3',
        'run 4',
        'run 5',
        'run 6',
        'run 7',
        'run 1',
      ]);
    });

    it('by the key that an option gives, and still by user', async () => {
      const site = await start(numbered(), {
        key: () => 'one',
        identity: (request: Request) => request.headers.get('x-user') ?? undefined,
      });

      expect(await bodies(site, '/a', '/b', having({ 'x-user': 'ann' }), having({ host: 'other' }))).toEqual([
        'run 1',
        'run 1',
        'run 2',
        'run 1',
      ]);
    });

    it('by the headers of the option vary, which it adds to Vary', async () => {
      const site = await start(numbered({ vary: 'Origin' }), { vary: ['Accept-Language'] });
      const german = having({ 'accept-language': 'de' });
      const french = having({ 'accept-language': 'fr' });

      expect(await bodies(site, german, french, german, french)).toEqual([
        'run 1',
        'run 2',
        'run 1',
        'run 2',
      ]);
      expect((await site.ask('/a', german)).headers['vary']).toBe(
        'Origin, accept-language, authorization, cookie',
      );
    });

    it('by name, where several response caches share a cache', async () => {
      const { cache, clock, responses } = setUp();
      const others = responseCache<never>({ cache, ttlMs: 60_000, clock, name: 'others' });
      const one = await fetchSite(responses, numbered());
      const other = await fetchSite(others, () => ({ body: 'other' }));

      expect([...(await bodies(one, '/a')), ...(await bodies(other, '/a'))]).toEqual(['run 1', 'other']);
    });
  });

  describe('asks the page itself', () => {
    it.each([
      ['a range', { range: 'bytes=0-1' }],
      ['If-Match', { 'if-match': '"a"' }],
      ['If-Unmodified-Since', { 'if-unmodified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' }],
      ['a body', { 'content-length': '2' }],
      ['a body of unknown length', { 'transfer-encoding': 'chunked' }],
      ['a stream of events', { accept: 'text/event-stream' }],
      ['a web socket', { upgrade: 'WebSocket' }],
    ])('for a request with %s', async (_, headers) => {
      const site = await start(numbered());

      expect(await bodies(site, '/a', having(headers), having(headers), '/a')).toEqual([
        'run 1',
        'run 2',
        'run 3',
        'run 1',
      ]);
      expect((await site.ask('/a', having(headers))).headers['cache-status']).toBe('Holdfast; fwd=bypass');
    });

    it('for credentials of nobody knows whom, unless the response is public', async () => {
      const site = await start(({ url }) => ({
        headers: url === '/public' ? { 'cache-control': 'public, max-age=60' } : {},
        body: `${url} ${site.pages.runs}`,
      }));
      const cookie = having({ cookie: 'session=1' });

      expect(await bodies(site, '/a', cookie, cookie, having({ authorization: 'Bearer x' }), '/a')).toEqual([
        '/a 1',
        '/a 2',
        '/a 3',
        '/a 4',
        '/a 1',
      ]);
      expect((await site.ask('/public', cookie)).body).toBe('/public 5');
      expect((await site.ask('/public', having({ authorization: 'Bearer x' }))).body).toBe('/public 5');
      expect((await site.ask('/public')).body).toBe('/public 5');
    });

    it('never waits for the page of another user to learn that it is not for both', async () => {
      const hanging = Promise.withResolvers<Page>();
      const site = await start(({ headers }) =>
        headers['cookie'] === 'slow' ? hanging.promise : { body: String(headers['cookie']) },
      );
      await site.ask('/a', having({ cookie: 'first' }));
      await site.clock.advance(1_000);
      const slow = site.ask('/a', having({ cookie: 'slow' }));
      await settle();

      expect((await site.ask('/a', having({ cookie: 'quick' }))).body).toBe('quick');
      hanging.resolve({ body: 'slow' });
      expect((await slow).body).toBe('slow');
    });

    it('for other headers that tell users, if they are named', async () => {
      const site = await start(numbered(), { credentialHeaders: ['X-Api-Key'] });
      const key = having({ 'x-api-key': '1' });
      const cookie = having({ cookie: 'theme=dark' });

      expect(await bodies(site, cookie, cookie, key, key)).toEqual(['run 1', 'run 1', 'run 2', 'run 3']);
    });
  });

  describe('keeps users apart', () => {
    const identity = (request: Request): string | undefined => request.headers.get('x-user') ?? undefined;

    it('by what identity says, private responses included', async () => {
      const site = await start(numbered({ 'cache-control': 'private, max-age=60' }), { identity });
      const [ann, bob] = [having({ 'x-user': 'ann', cookie: 'a' }), having({ 'x-user': 'bob', cookie: 'b' })];

      expect(await bodies(site, ann, bob, ann, bob, '/a', '/a')).toEqual([
        'run 1',
        'run 2',
        'run 1',
        'run 2',
        'run 3',
        'run 4',
      ]);
    });

    it('and tells clients whom a response is for, where it tells them how long they may keep it', async () => {
      const told = async (
        headers: Page['headers'],
        options: RigOptions = {},
      ): Promise<(string | undefined)[]> => {
        const site = await start(numbered(headers), { identity, ...options });
        const answers = [await site.ask('/a'), await site.ask('/a', having({ 'x-user': 'ann' }))];
        return answers.map((answer) => answer.headers['vary']);
      };

      const both = 'authorization, cookie';
      expect(await told({})).toEqual([both, both]);
      expect(await told({ vary: 'Cookie' })).toEqual(['Cookie, authorization', 'Cookie, authorization']);
      expect(await told({}, { credentialHeaders: ['X-User'] })).toEqual(['x-user', 'x-user']);
      expect(await told({}, { credentialHeaders: ['X-User'], vary: ['x-user'] })).toEqual([
        'x-user',
        'x-user',
      ]);
      expect(await told({ 'cache-control': 'max-age=60' })).toEqual([undefined, undefined]);
      expect(await told({ expires: 'Sun, 09 Sep 2001 02:46:40 GMT' })).toEqual([undefined, undefined]);
      expect(await told({}, { cacheControl: 'private, no-cache' })).toEqual([undefined, undefined]);
    });

    it('and takes that for no word of a page that confirms what is held', async () => {
      const pages: Pages = ({ headers }) =>
        headers['if-none-match'] === undefined
          ? { headers: { etag: '"v1"', vary: 'Accept-Language' }, body: 'hello' }
          : { status: 304 };
      const site = await start(pages, { identity, staleIfErrorMs: 60_000 });
      const ann = (cookie: string): Question => having({ 'x-user': 'ann', 'accept-language': 'de', cookie });
      await site.ask('/a', ann('one'));
      await site.clock.advance(61_000);
      const confirmed = await site.ask('/a', ann('two'));

      await site.ask('/a', ann('three'));

      expect(site.pages.runs).toBe(2);
      expect(confirmed.headers['vary']).toBe('accept-language, authorization, cookie');
      await site.ask('/a', having({ 'x-user': 'ann', 'accept-language': 'fr' }));
      expect(site.pages.runs).toBe(3);
    });

    it('and tells their clients that a response is for one user', async () => {
      const site = await start(numbered(), { identity });

      expect((await site.ask('/a', having({ 'x-user': 'ann' }))).headers['cache-control']).toBe(
        'private, max-age=60',
      );
      expect((await site.ask('/a')).headers['cache-control']).toBe('max-age=60');
    });

    it('takes an empty name for none, and what is no name for a reason to keep out of it', async () => {
      const site = await start(numbered(), {
        identity: (request: Request) => JSON.parse(request.headers.get('x-user') ?? '""') as string,
      });
      const cookie = { cookie: 'a' };

      const questions = [
        having(cookie),
        having(cookie),
        having({ 'x-user': '0' }),
        having({ 'x-user': '0' }),
      ];
      expect(await bodies(site, ...questions, '/a', '/a')).toEqual([
        'run 1',
        'run 2',
        'run 3',
        'run 4',
        'run 5',
        'run 5',
      ]);
      expect(site.responses.statistics()).toMatchObject({ errors: 2 });
    });

    it('does not let one user drop or refresh what is stored for everybody', async () => {
      const site = await start(
        ({ headers }) => ({
          headers: headers['cookie'] === undefined ? {} : { 'cache-control': 'private' },
          body: `${headers['cookie']} ${site.pages.runs}`,
        }),
        { staleWhileRevalidateMs: 30_000, staleIfErrorMs: 30_000 },
      );
      await site.ask('/a');
      await site.clock.advance(61_000);

      expect((await site.ask('/a', having({ cookie: 'x' }))).body).toBe('x 2');
      await settle();
      expect(site.pages.runs).toBe(2);
      expect((await site.ask('/a')).body).toBe('undefined 1');
      await settle();
      expect((await site.ask('/a')).body).toBe('undefined 3');
    });
  });

  describe('stores a response', () => {
    it.each([
      ['200', numbered()],
      ['301', numbered({ location: '/b' }, 301)],
      ['404 and a life', numbered({ 'cache-control': 'max-age=60' }, 404)],
      ['s-maxage over max-age', numbered({ 'cache-control': 'max-age=0, s-maxage=60' })],
      ['Expires in the future', numbered({ expires: 'Sun, 09 Sep 2001 01:47:40 GMT' })],
      ['as many fields in Vary as can be', numbered({ vary: Array.from('abcdefghijklmnop').join() })],
      ['as much of a body as announced', numbered({ 'content-length': '5' })],
    ])('with %s', async (_, pages) => {
      const site = await start(pages);

      expect(await bodies(site, '/a', '/a')).toEqual(['run 1', 'run 1']);
    });

    it.each([
      ['302', numbered({ location: '/b' }, 302)],
      ['404', numbered({}, 404)],
      ['206 and a life', numbered({ 'cache-control': 'max-age=60' }, 206)],
      ['500 and a life', numbered({ 'cache-control': 'max-age=60' }, 500)],
      ['max-age=0', numbered({ 'cache-control': 'max-age=0' })],
      ['Expires in the past', numbered({ expires: 'Sun, 09 Sep 2001 01:46:39 GMT' })],
      ['Expires that is no date', numbered({ expires: '0' })],
      ['a life that is over', numbered({ 'cache-control': 'max-age=60', age: '60' })],
      ['more fields in Vary than can be', numbered({ vary: Array.from('abcdefghijklmnopq').join() })],
      ['less of a body than announced', numbered({ 'content-length': '7' })],
    ])('but not with %s', async (_, pages) => {
      const site = await start(pages);

      expect(await bodies(site, '/a', '/a')).toEqual(['run 1', 'run 2']);
      expect((await site.ask('/a')).headers['last-modified']).toBeUndefined();
    });

    it('for as long as it says, less the time that it has already lived', async () => {
      const site = await start(numbered({ 'cache-control': 'max-age=10', age: '4' }));
      expect((await site.ask('/a')).headers).toMatchObject({ 'cache-control': 'max-age=10' });

      await site.clock.advance(5_999);
      expect((await site.ask('/a')).headers).toMatchObject({ age: '9' });
      expect(site.pages.runs).toBe(1);
      await site.clock.advance(1);
      await site.ask('/a');
      expect(site.pages.runs).toBe(2);
    });

    it('for ttlMs if it does not say, and not at all if that is 0', async () => {
      const site = await start(numbered(), { ttlMs: 500 });
      await site.ask('/a');
      await site.clock.advance(499);
      await site.ask('/a');
      expect(site.pages.runs).toBe(1);
      await site.clock.advance(1);
      await site.ask('/a');
      expect(site.pages.runs).toBe(2);

      const never = await start(numbered(), { ttlMs: 0 });
      expect(await bodies(never, '/a', '/a')).toEqual(['run 1', 'run 2']);
    });

    it('with the headers of its connection left out', async () => {
      const site = await start(() => ({
        headers: { connection: 'x-hop, close', 'x-hop': '1', 'keep-alive': 'timeout=5', 'x-end': '2' },
        body: '',
      }));
      await site.ask('/a');
      const { headers } = await site.ask('/a');

      expect(headers).toMatchObject({ 'x-end': '2', 'content-length': '0' });
      for (const name of ['connection', 'x-hop', 'keep-alive']) expect(headers[name]).toBeUndefined();
    });

    it('with the validators that the page gave, and its own Cache-Control and Date', async () => {
      const own = {
        etag: 'W/"mine"',
        'last-modified': 'Sun, 09 Sep 2001 01:00:00 GMT',
        'cache-control': 'public, max-age=5',
        date: 'Sun, 09 Sep 2001 01:46:38 GMT',
      };
      const site = await start(numbered(own));

      expect((await site.ask('/a')).headers).toMatchObject(own);
      expect((await site.ask('/a')).headers).toMatchObject({ ...own, age: '2' });
    });

    it('with a weak tag, none, or other words for clients, as the options say', async () => {
      const weak = await start(numbered(), { etag: 'weak', cacheControl: 'no-cache' });
      const none = await start(numbered(), { etag: 'none', cacheControl: false });

      expect((await weak.ask('/a')).headers).toMatchObject({
        etag: expect.stringMatching(/^W\/"[\w-]{22}"$/) as unknown,
        'cache-control': 'no-cache',
      });
      const { headers } = await none.ask('/a');
      expect(headers['etag']).toBeUndefined();
      expect(headers['cache-control']).toBeUndefined();
      expect(weak.pages.runs + none.pages.runs).toBe(2);
    });

    it('unless cacheable refuses it, or tells nothing because it threw', async () => {
      const refusing = await start(numbered(), { cacheable: (_, { status }) => status !== 200 });
      const failing = await start(numbered(), {
        tagsOf: () => {
          throw new Error('no tags');
        },
      });

      expect(await bodies(refusing, '/a', '/a')).toEqual(['run 1', 'run 2']);
      expect(await bodies(failing, '/a', '/a')).toEqual(['run 1', 'run 2']);
      expect(refusing.responses.statistics()).toMatchObject({ errors: 0, stored: 0 });
      expect(failing.responses.statistics()).toMatchObject({ errors: 2, stored: 0 });
    });

    it.each<[string, object]>([
      ['cacheable is asynchronous by mistake', { cacheable: async () => false }],
      ['cacheable is, and rejects', { cacheable: () => Promise.reject(new Error('late')) }],
      ['identity is, and rejects', { identity: () => Promise.reject(new Error('late')) }],
      ['tagsOf is, and rejects', { tagsOf: () => Promise.reject(new Error('late')) }],
      ['tagsOf gives a text', { tagsOf: () => 'all' }],
    ])('unless %s, which ends no process', async (_, options) => {
      const site = await start(numbered(), options);

      expect(await bodies(site, '/a', '/a')).toEqual(['run 1', 'run 2']);
      await settle();
      expect(site.responses.statistics()).toMatchObject({ errors: 2, stored: 0 });
    });

    it('unless it is as old as it may be, however great the number that says so', async () => {
      const aged = numbered({ 'cache-control': 'max-age=60', age: '99999999999' });

      expect(await bodies(await start(aged), '/a', '/a')).toEqual(['run 1', 'run 2']);
    });

    it('with the age that it had when it came, for the first who asks as for the others', async () => {
      const site = await start(numbered({ 'cache-control': 'max-age=60', age: '30' }));

      const ages = [(await site.ask('/a')).headers['age'], (await site.ask('/a')).headers['age']];

      expect(ages).toEqual(['30', '30']);
    });

    it('and what bears its mark and is nothing that it has stored is left to the handler', async () => {
      const store = { get: async () => ({ format: 'http/1', vary: [] }), delete: async () => true };
      const site = await start(numbered(), { cache: { ...store, deleteTag: store.delete } });

      expect(await bodies(site, '/a')).toEqual(['run 1']);
      expect(site.responses.statistics()).toMatchObject({ errors: 1, passes: 1 });
    });

    it('in a form that every tier keeps: another process answers from it', async () => {
      const { clock } = setUp();
      const shared = new MemoryCache();
      const bytes = Buffer.from([0xff, 0x00, 0x80]);
      const process = async (pages: Pages): Promise<Site> => {
        const cache = createCache({ namespace: 'site', ttlMs: 1, clock, l2: shared });
        return fetchSite(responseCache<never>({ cache, ttlMs: 60_000, clock }), pages);
      };
      const first = await process(({ url }) => ({
        headers: { 'x-a': ['1', '2'] },
        body: url === '/a' ? 'grün' : bytes,
      }));
      const second = await process(() => ({ body: 'another' }));
      const made = [await first.ask('/a'), await first.ask('/b')];
      await clock.advance(3_000);

      const found = [await second.ask('/a'), await second.ask('/b')];

      expect(found.map(({ body }) => body)).toEqual([
        Buffer.from('grün').toString('latin1'),
        bytes.toString('latin1'),
      ]);
      expect(found.map(({ headers }) => headers)).toMatchObject(
        made.map(({ headers: { etag } }) => ({ etag, age: '3', 'x-a': '1, 2' })),
      );
    });
  });

  describe('gives out a stale response', () => {
    const everything = { staleWhileRevalidateMs: 30_000, staleIfErrorMs: 60_000 };

    it.each([
      ['its own shorter time', { 'cache-control': 'max-age=60, stale-while-revalidate=5, stale-if-error=5' }],
      ['must-revalidate', { 'cache-control': 'max-age=60, must-revalidate' }],
      ['proxy-revalidate', { 'cache-control': 'max-age=60, proxy-revalidate' }],
      ['s-maxage', { 'cache-control': 's-maxage=60' }],
    ])('no longer than %s allows', async (_, headers) => {
      const site = await start(
        (): Page => (site.pages.runs === 1 ? { headers, body: 'old' } : { status: 503, body: 'down' }),
        everything,
      );
      await site.ask('/a');
      await site.clock.advance(65_001);

      expect(await site.ask('/a')).toMatchObject({ status: 503, body: 'down' });
    });

    it('in place of a failure no longer than it allows', async () => {
      const headers = { 'cache-control': 'max-age=60, stale-if-error=5' };
      const site = await start(
        (): Page => (site.pages.runs === 1 ? { headers, body: 'old' } : { status: 503, body: 'down' }),
        { staleIfErrorMs: 60_000 },
      );
      await site.ask('/a');
      await site.clock.advance(65_000);
      expect(await site.ask('/a')).toMatchObject({ status: 200, body: 'old' });
      await site.clock.advance(1_000);

      expect(await site.ask('/a')).toMatchObject({ status: 503, body: 'down' });
    });

    it('in place of a failure only if it is for such requests', async () => {
      const site = await start(
        ({ headers }): Page =>
          headers['accept-language'] === 'de'
            ? { headers: { vary: 'accept-language' }, body: 'alt' }
            : { status: 503, body: 'down' },
        { staleIfErrorMs: 60_000 },
      );
      await site.ask('/a', having({ 'accept-language': 'de' }));
      await site.clock.advance(61_000);

      expect((await site.ask('/a', having({ 'accept-language': 'fr' }))).status).toBe(503);
      expect(site.pages.runs).toBe(2);
    });

    it('in place of a failure also after the page has answered one user alone', async () => {
      const site = await start(
        ({ headers }): Page => {
          if (headers['cookie'] !== undefined)
            return { headers: { 'cache-control': 'private' }, body: 'mine' };
          return site.pages.runs === 1 ? { body: 'old' } : { status: 503, body: 'down' };
        },
        { staleIfErrorMs: 60_000 },
      );
      await site.ask('/a');
      await site.clock.advance(61_000);

      expect(await bodies(site, having({ cookie: 'x' }), '/a')).toEqual(['mine', 'old']);
    });

    it('for as long as it allows, where that is shorter', async () => {
      const headers = { 'cache-control': 'max-age=60, stale-while-revalidate=5' };
      const site = await start(numbered(headers), everything);
      await site.ask('/a');
      await site.clock.advance(64_999);

      expect(await bodies(site, '/a')).toEqual(['run 1']);
      await settle();
      expect(await bodies(site, '/a')).toEqual(['run 2']);
    });

    it('to one user although another may not: s-maxage is for those who share', async () => {
      const site = await start(numbered({ 'cache-control': 'max-age=60, s-maxage=1' }), {
        ...everything,
        identity: () => 'ann',
      });
      await site.ask('/a');
      await site.clock.advance(61_000);

      expect(await bodies(site, '/a')).toEqual(['run 1']);
    });

    it('until its whole time is over, and then waits for the page', async () => {
      const site = await start(numbered(), everything);
      await site.ask('/a');
      await site.clock.advance(90_001);

      expect(await bodies(site, '/a')).toEqual(['run 2']);
    });

    it('never, if the cache refreshes early', async () => {
      const { clock } = setUp();
      const cache = createCache({ namespace: 'site', ttlMs: 1_000, clock, earlyRefresh: { atRatio: 0.5 } });
      const site = await start(numbered(), { cache, clock });
      await site.ask('/a');
      await clock.advance(29_999);
      expect(await bodies(site, '/a')).toEqual(['run 1']);
      await clock.advance(2);

      expect(await bodies(site, '/a')).toEqual(['run 1']);
      await settle();
      expect(await bodies(site, '/a')).toEqual(['run 2']);
      expect(site.responses.statistics()).toMatchObject({ staleHits: 0, misses: 1 });
    });

    it('and keeps it when the page fails in the background', async () => {
      const site = await start(
        (): Page => (site.pages.runs === 1 ? { body: 'old' } : { status: 500, body: 'down' }),
        everything,
      );
      await site.ask('/a');
      await site.clock.advance(61_000);

      expect(await bodies(site, '/a')).toEqual(['old']);
      await settle();
      expect(await bodies(site, '/a')).toEqual(['old']);
      expect(site.pages.runs).toBe(2);
    });

    it('and gives up on a page that does not answer in the background', async () => {
      const events: unknown[] = [];
      const site = await start(
        async (): Promise<Page> => (site.pages.runs === 1 ? { body: 'old' } : new Promise<never>(() => {})),
        { ...everything, refreshTimeoutMs: 2_000 },
      );
      site.cache.events.subscribe((event) => events.push(event));
      await site.ask('/a');
      await site.clock.advance(61_000);
      await site.ask('/a');
      expect(site.clock.pending('foreground')).toBe(0);
      await site.clock.advance(2_000);

      expect(events).toMatchObject([{ type: 'refresh-failed', error: { code: 'ERR_CACHE_HANDLER_FAILED' } }]);
      expect(await bodies(site, '/a')).toEqual(['old']);
    });

    it('and drops it when the page may not be stored any longer', async () => {
      const site = await start(
        (): Page => ({
          headers: site.pages.runs === 1 ? {} : { 'cache-control': 'no-store' },
          body: `run ${site.pages.runs}`,
        }),
        everything,
      );
      await site.ask('/a');
      await site.clock.advance(61_000);
      await site.ask('/a');
      await settle();

      expect(await bodies(site, '/a')).toEqual(['run 3']);
    });

    it('of one variant, and does not refresh it with another', async () => {
      const site = await start(
        ({ headers: { 'accept-language': language } }) => ({
          headers: { vary: 'Accept-Language' },
          body: `${language} ${site.pages.runs}`,
        }),
        everything,
      );
      const [german, french] = [having({ 'accept-language': 'de' }), having({ 'accept-language': 'fr' })];
      await bodies(site, german, french);
      await site.clock.advance(61_000);

      expect(await bodies(site, french, german)).toEqual(['fr 2', 'de 1']);
      await settle();
      expect(site.pages.runs).toBe(4);
      expect(await bodies(site, french, german, french)).toEqual(['fr 3', 'de 4', 'fr 3']);
    });
  });

  describe('bounds variants', () => {
    const inLanguage: Pages = ({ headers }) => ({
      headers: { vary: 'accept-language' },
      body: String(headers['accept-language']),
    });
    const languages = (...all: readonly string[]): Question[] =>
      all.map((each) => having({ 'accept-language': each }));

    it('and leaves others to the page as long as those stored are in use', async () => {
      const site = await start(inLanguage, { maxVariants: 3 });
      await bodies(site, ...languages('a', 'b', 'c', 'd', 'd'));
      expect(site.pages.runs).toBe(5);

      await bodies(site, ...languages('a', 'b', 'c'));

      expect(site.pages.runs).toBe(5);
    });

    it('and gives the place of one that nobody has used for 10 s to another', async () => {
      const site = await start(inLanguage, { maxVariants: 3 });
      await bodies(site, ...languages('a', 'b', 'c'));
      await site.clock.advance(9_999);
      await bodies(site, ...languages('c', 'd'));
      expect(site.pages.runs).toBe(4);
      await site.clock.advance(1);

      await bodies(site, ...languages('d', 'd', 'c', 'a'));

      expect(site.pages.runs).toBe(5);
    });

    it('to the first where only one may be stored', async () => {
      const site = await start(inLanguage, { maxVariants: 1 });

      await bodies(site, ...languages('a', 'b', 'a', 'b'));

      expect(site.pages.runs).toBe(3);
    });

    it('and looks no further than through four that vary by more and more', async () => {
      const site = await start(({ headers }) => ({
        headers: { vary: Object.keys(headers).join() },
        body: `run ${site.pages.runs}`,
      }));
      const walk = [
        { a: '0' },
        { a: '1', b: '0' },
        { a: '1', b: '1', c: '0' },
        { a: '1', b: '1', c: '1', d: '0' },
      ].map(having);
      const beyond = having({ a: '1', b: '1', c: '1', d: '1', e: '0' });

      const runs = ['run 1', 'run 2', 'run 3', 'run 4'];
      expect(await bodies(site, ...walk)).toEqual(runs);
      expect(await bodies(site, ...walk)).toEqual(runs);
      expect(await bodies(site, beyond, beyond)).toEqual(['run 5', 'run 6']);
    });

    it('that vary by other headers than the first one did', async () => {
      const site = await start(({ headers }) => ({
        headers: { vary: headers['accept'] === 'html' ? 'accept, accept-language' : 'accept' },
        body: `${headers['accept']} ${headers['accept-language']}`,
      }));
      const ask = (accept: string, language: string): Question =>
        having({ accept, 'accept-language': language });
      const all = [ask('json', 'de'), ask('json', 'fr'), ask('html', 'de'), ask('html', 'fr')];

      const expected = ['json de', 'json de', 'html de', 'html fr'];
      expect(await bodies(site, ...all)).toEqual(expected);
      expect(await bodies(site, ...all)).toEqual(expected);
      expect(site.pages.runs).toBe(3);
    });
  });

  describe('and the wishes of clients', () => {
    const questions = ['no-cache', 'no-store', 'max-age=0', 'max-age=5', 'min-fresh=56'].map((wish) =>
      having({ 'cache-control': wish }),
    );

    it('are ignored by default', async () => {
      const site = await start(numbered());
      await site.ask('/a');
      await site.clock.advance(6_000);

      expect(new Set(await bodies(site, ...questions))).toEqual(new Set(['run 1']));
      expect((await site.ask('/b', having({ 'cache-control': 'only-if-cached' }))).status).toBe(200);
    });

    it('are fulfilled if it is told to, and what is stored stays', async () => {
      const site = await start(numbered(), { clientDirectives: 'honour' });
      await site.ask('/a');
      await site.clock.advance(4_000);
      expect(await bodies(site, ...questions)).toEqual(['run 2', 'run 3', 'run 4', 'run 1', 'run 1']);
      expect(await bodies(site, having({ 'cache-control': 'max-age=4' }))).toEqual(['run 1']);
      await site.clock.advance(2_000);

      expect(await bodies(site, ...questions)).toEqual(['run 5', 'run 6', 'run 7', 'run 8', 'run 9']);
      expect(await bodies(site, '/a')).toEqual(['run 1']);
      expect((await site.ask('/a', questions[0])).headers['cache-status']).toBe('Holdfast; fwd=request');
    });

    it('are fulfilled by what comes of them where nothing is stored', async () => {
      const site = await start(numbered(), { clientDirectives: 'honour' });

      expect(await bodies(site, having({ 'cache-control': 'no-cache' }), '/a')).toEqual(['run 1', 'run 1']);
    });

    it('contradict each other with only-if-cached, and get 504', async () => {
      const site = await start(numbered(), { clientDirectives: 'honour' });
      await site.ask('/a');
      await site.clock.advance(6_000);

      for (const wish of ['no-cache', 'max-age=5', 'min-fresh=56'])
        expect((await site.ask('/a', having({ 'cache-control': `only-if-cached, ${wish}` }))).status).toBe(
          504,
        );
      expect(site.pages.runs).toBe(1);
    });
  });

  describe('shares runs', () => {
    it('but not those whose response turns out to be for one request alone', async () => {
      const made = Promise.withResolvers<Page>();
      const site = await start(() =>
        site.pages.runs === 1 ? made.promise : { body: `run ${site.pages.runs}` },
      );
      const asked = [site.ask('/a'), site.ask('/a'), site.ask('/a')];
      await settle();
      made.resolve({ headers: { 'set-cookie': 'session=1' }, body: 'mine' });

      const answers = await Promise.all(asked);

      expect(answers.map(({ body }) => body)).toEqual(['mine', 'run 2', 'run 3']);
      expect(answers.map(({ headers }) => headers['set-cookie'])).toEqual(['session=1', '', '']);
    });

    it('no longer, for a while, after a response that could not be stored, but tries again', async () => {
      const made = Promise.withResolvers<Page>();
      const site = await start((): Page | Promise<Page> => {
        if (site.pages.runs === 1) return { headers: { 'cache-control': 'no-store' }, body: 'once' };
        return site.pages.runs === 2 ? made.promise : { body: `run ${site.pages.runs}` };
      });
      await site.ask('/a');
      await site.clock.advance(1_000);
      const hanging = site.ask('/a');
      await settle();

      expect(await bodies(site, '/a', '/a')).toEqual(['run 3', 'run 4']);
      made.resolve({ body: 'stored' });
      expect([(await hanging).body, ...(await bodies(site, '/a'))]).toEqual(['stored', 'stored']);
    });

    it('between requests of one variant only', async () => {
      const made = Promise.withResolvers<undefined>();
      const site = await start(async ({ headers: { 'accept-language': language } }) => {
        await made.promise;
        return { headers: { vary: 'accept-language' }, body: String(language) };
      });
      const asked = ['de', 'fr', 'de', 'fr'].map((each) =>
        site.ask('/a', having({ 'accept-language': each })),
      );
      await settle();
      expect(site.pages.runs).toBe(1);
      made.resolve(undefined);

      expect((await Promise.all(asked)).map(({ body }) => body)).toEqual(['de', 'fr', 'de', 'fr']);
      expect(site.pages.runs).toBe(2);
    });

    it('as far as each client stays: a signal aborts the page only when nobody waits any longer', async () => {
      const signals: AbortSignal[] = [];
      const { responses, clock } = setUp();
      const made = Promise.withResolvers<Response>();
      const handler = cachedHandler(responses, ({ signal }) => {
        signals.push(signal);
        signal.addEventListener('abort', () => made.reject(signal.reason as Error));
        return made.promise;
      });
      const [first, second] = [new AbortController(), new AbortController()];
      const asked = [first, second].map(({ signal }) =>
        handler(new Request('http://localhost/a', { signal })),
      );
      const ends = Promise.allSettled(asked);
      await settle();

      first.abort();
      await settle();
      expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
      second.abort();
      await clock.advance(0);

      expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
      expect(await ends).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    });
  });

  describe('can be invalidated', () => {
    it('by the tags of its responses', async () => {
      const site = await start(numbered(), {
        tagsOf: (request: Request) => [`page:${new URL(request.url).pathname}`],
      });
      await bodies(site, '/a', '/b');

      await site.cache.deleteTag('page:/a');

      expect(await bodies(site, '/a', '/b')).toEqual(['run 3', 'run 2']);
    });

    it('while a page is made, which is then not stored', async () => {
      const made = Promise.withResolvers<Page>();
      const site = await start(() => (site.pages.runs === 1 ? made.promise : { body: 'new' }), {
        tagsOf: () => ['all'],
      });
      const asked = site.ask('/a');
      await settle();

      await site.cache.deleteTag('all');
      made.resolve({ body: 'old' });

      expect((await asked).body).toBe('old');
      expect(await bodies(site, '/a')).toEqual(['new']);
    });

    it('by a method that is not safe, for all users and variants', async () => {
      const site = await start(
        ({ method }) => ({ headers: { vary: 'accept-language' }, body: `${method} ${site.pages.runs}` }),
        {
          identity: (request: Request) => request.headers.get('x-user') ?? undefined,
        },
      );
      const all = [{}, { 'x-user': 'ann' }, { 'accept-language': 'de' }, { 'accept-language': 'fr' }].map(
        having,
      );
      await bodies(site, ...all);

      await site.ask('/a', { method: 'DELETE', headers: { 'x-user': 'bob' } });

      expect(await bodies(site, ...all)).toEqual(['GET 6', 'GET 7', 'GET 8', 'GET 9']);
    });

    it.each(['OPTIONS', 'QUERY'])('but not by %s', async (method) => {
      const site = await start(numbered());
      await site.ask('/a');

      await site.ask('/a', { method });

      expect(await bodies(site, '/a')).toEqual(['run 1']);
    });
  });

  it('keeps the date of change of content that is the same when it is made again', async () => {
    const site = await start(() => ({ body: site.pages.runs < 3 ? 'same' : 'other' }), {
      staleIfErrorMs: 60_000,
    });
    const first = await site.ask('/a');
    await site.clock.advance(61_000);
    const second = await site.ask('/a');
    await site.clock.advance(61_000);
    const third = await site.ask('/a');

    const changed = [first, second, third].map(({ headers }) => headers['last-modified']);
    expect(site.pages.runs).toBe(3);
    expect(changed).toEqual([first.headers['date'], first.headers['date'], third.headers['date']]);
    const since = { 'if-modified-since': String(first.headers['date']) };
    expect((await site.ask('/a', having(since))).status).toBe(200);
  });

  it('does not take its own words to clients for those of a page that confirms what is held', async () => {
    const site = await start(
      ({ headers }): Page =>
        headers['if-modified-since'] === undefined
          ? { headers: { 'last-modified': 'Sun, 09 Sep 2001 01:00:00 GMT' }, body: 'hello' }
          : { status: 304 },
      { cacheControl: 'no-cache', staleIfErrorMs: 60_000 },
    );
    const first = await site.ask('/a');
    await site.clock.advance(61_000);

    const answers = [await site.ask('/a'), await site.ask('/a')];

    expect(site.pages.runs).toBe(2);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 200, body: 'hello' });
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-cache', etag: first.headers['etag'] });
      expect(answer.headers['date']).toBe('Sun, 09 Sep 2001 01:47:41 GMT');
    }
  });

  it('sends 304 in place of a success alone', async () => {
    const site = await start(() => ({
      status: 404,
      headers: { etag: '"a"', 'cache-control': 'max-age=60' },
      body: 'no',
    }));

    for (const question of ['first', 'second'])
      expect(await site.ask('/a', having({ 'if-none-match': '"a"', 'x-question': question }))).toMatchObject({
        status: 404,
        body: 'no',
      });
    expect(site.pages.runs).toBe(1);
  });

  it('makes in the background what the cache wants made after it has given an answer', async () => {
    const { cache: real, clock } = setUp();
    const wanted: (() => Promise<unknown>)[] = [];
    const get = (key: string, loader?: ResponseLoader, terms?: ResponseTerms): Promise<unknown> => {
      if (loader === undefined || terms === undefined) return real.get(key);
      wanted.push(() =>
        loader({
          reason: 'miss',
          stale: undefined,
          signal: new AbortController().signal,
          ttl() {},
          tags() {},
          skip() {},
        }),
      );
      return real.get(key, loader, terms);
    };
    const cache = {
      get,
      delete: (key: string) => real.delete(key),
      deleteTag: (tag: string) => real.deleteTag(tag),
    };
    const site = await start(numbered(), { cache, clock });
    await site.ask('/a');
    await site.ask('/a');

    expect(await wanted[1]?.()).toMatchObject({ body: 'run 2' });
    expect(await bodies(site, '/a')).toEqual(['run 1']);
  });

  it('takes what is not its own in the cache for nothing', async () => {
    const foreign = async (): Promise<unknown> => ({ status: 200, body: 'foreign' });
    const site = await start(numbered(), {
      cache: { get: foreign, delete: foreign, deleteTag: foreign },
    });

    expect(await bodies(site, '/a', '/a')).toEqual(['run 1', 'run 2']);
    expect(site.responses.statistics()).toMatchObject({ hits: 0, errors: 0 });
  });

  it('asks the cache once for a hit', async () => {
    const site = await start(numbered());
    await site.ask('/a');

    await site.ask('/a');

    expect(site.cache.statistics().tiers.l1).toMatchObject({ hits: 1, misses: 1 });
  });

  it('counts what becomes of requests', async () => {
    const site = await start(numbered(), { staleWhileRevalidateMs: 30_000 });
    const { headers } = await site.ask('/a');
    await site.ask('/a');
    await site.ask('/a', having({ 'if-none-match': String(headers['etag']) }));
    await site.ask('/a', having({ range: 'bytes=0-1' }));
    await site.ask('/a', { method: 'POST' });
    await site.ask('/a');
    await site.clock.advance(61_000);
    await site.ask('/a');
    await settle();

    expect(site.responses.statistics()).toEqual({
      component: 'response-cache',
      name: 'http',
      hits: 3,
      staleHits: 1,
      notModified: 1,
      misses: 2,
      passes: 1,
      stored: 3,
      errors: 0,
    });
  });
});
