import { PassThrough, Readable } from 'node:stream';

import type { ResponseCache } from '@holdfast/tiered-cache/http';
import { afterEach, describe, expect, it } from 'vitest';

import { counted, type Page, type Pages, type Rig, type RigOptions, setUp, type Site } from './site.ts';

export type OpenSite = (responses: ResponseCache<never>, pages: Pages) => Promise<Site>;

const text = { 'content-type': 'text/plain; charset=utf-8' };

/** What every adapter does alike. */
export function adapterContract(adapter: string, open: OpenSite): void {
  describe(`${adapter} in front of pages`, () => {
    const sites: Site[] = [];

    const start = async (pages: Pages, options: RigOptions = {}): Promise<Rig & { readonly site: Site }> => {
      const rig = setUp(options);
      const site = await open(rig.responses, pages);
      sites.push(site);
      return { ...rig, site };
    };

    afterEach(async () => {
      for (const site of sites.splice(0)) await site.close();
    });

    it('answers the second request from the first one, with its age and the same headers', async () => {
      const pages = counted(() => ({ headers: { ...text, 'x-made': 'yes' }, body: 'hello' }));
      const { site, clock } = await start(pages);

      const first = await site.ask('/a');
      clock.advanceSync(2_900);
      const second = await site.ask('/a');

      expect(pages.runs).toBe(1);
      expect(first).toMatchObject({ status: 200, body: 'hello' });
      expect(first.headers).toMatchObject({
        'cache-control': 'max-age=60',
        'cache-status': 'Holdfast; fwd=miss; stored',
        'last-modified': 'Sun, 09 Sep 2001 01:46:40 GMT',
        date: 'Sun, 09 Sep 2001 01:46:40 GMT',
        'x-made': 'yes',
      });
      expect(first.headers['age']).toBeUndefined();
      expect(second).toMatchObject({ status: 200, body: 'hello' });
      expect(second.headers).toMatchObject({
        age: '2',
        'cache-status': 'Holdfast; hit; ttl=57',
        'content-type': text['content-type'],
        'content-length': '5',
        etag: first.headers['etag'],
        date: first.headers['date'],
        'x-made': 'yes',
      });
    });

    it('keeps bytes that are no text', async () => {
      const bytes = Buffer.from([0xff, 0xd8, 0x00, 0x22, 0x80]);
      const pages = counted(() => ({ headers: { 'content-type': 'image/jpeg' }, body: bytes }));
      const { site } = await start(pages);

      expect((await site.ask('/a')).body).toBe(bytes.toString('latin1'));
      expect((await site.ask('/a')).body).toBe(bytes.toString('latin1'));
      expect(pages.runs).toBe(1);
    });

    it('sends 304 without a body to a client that has the content, whoever made it', async () => {
      const pages = counted(() => ({ headers: text, body: 'hello' }));
      const { site } = await start(pages);
      const { headers } = await site.ask('/a');

      for (const path of ['/a', '/new']) {
        const answer = await site.ask(path, { headers: { 'if-none-match': `"x", W/${headers['etag']}` } });
        expect(answer).toMatchObject({ status: 304, body: '' });
        expect(answer.headers).toMatchObject({
          etag: headers['etag'],
          'cache-control': 'max-age=60',
          date: headers['date'],
        });
        expect(answer.headers['content-type']).toBeUndefined();
        expect(answer.headers['content-length']).toBeUndefined();
      }
      expect(pages.runs).toBe(2);
      expect(await site.ask('/a', { headers: { 'if-none-match': '"x"' } })).toMatchObject({ status: 200 });
    });

    it('hides conditions of the client from the page, so that what is stored is whole', async () => {
      const seen: unknown[] = [];
      const { site } = await start((visit) => {
        seen.push(visit.headers['if-none-match'], visit.headers['if-modified-since']);
        return { headers: text, body: 'hello' };
      });
      const since = 'Sun, 09 Sep 2001 01:46:39 GMT';

      const first = await site.ask('/a', { headers: { 'if-none-match': '"x"', 'if-modified-since': since } });

      expect(seen).toEqual([undefined, undefined]);
      expect(first).toMatchObject({ status: 200, body: 'hello' });
      expect(await site.ask('/a')).toMatchObject({ status: 200, body: 'hello' });
    });

    it('answers HEAD from what GET has stored, with the length and without the body', async () => {
      const pages = counted(() => ({ headers: text, body: 'hello' }));
      const { site } = await start(pages);
      const { headers } = await site.ask('/a');

      const head = await site.ask('/a', { method: 'HEAD' });

      expect(head).toMatchObject({ status: 200, body: '' });
      expect(head.headers).toMatchObject({ 'content-length': '5', etag: headers['etag'], age: '0' });
      expect(pages.runs).toBe(1);
    });

    it('leaves HEAD to the page where nothing is stored, and stores nothing of it', async () => {
      const pages = counted(() => ({ headers: text, body: 'hello' }));
      const { site } = await start(pages);

      expect(await site.ask('/a', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
      expect(await site.ask('/a')).toMatchObject({ status: 200, body: 'hello' });
      expect(pages.runs).toBe(2);
    });

    it('shares one run among requests that come while it lasts', async () => {
      const made = Promise.withResolvers<Page>();
      const pages = counted(() => made.promise);
      const { site, cache } = await start(pages);

      const asked = [1, 2, 3, 4].map(() => site.ask('/a'));
      await expect.poll(() => cache.statistics().tiers.l1?.misses).toBe(4);
      made.resolve({ headers: text, body: 'hello' });
      const answers = await Promise.all(asked);

      expect(pages.runs).toBe(1);
      expect(answers.map(({ body }) => body)).toEqual(['hello', 'hello', 'hello', 'hello']);
      const collapsed = 'Holdfast; fwd=miss; collapsed';
      expect(
        answers.map(({ headers }) => String(headers['cache-status'])).toSorted((a, b) => a.localeCompare(b)),
      ).toEqual([collapsed, collapsed, collapsed, 'Holdfast; fwd=miss; stored']);
    });

    it('keeps a run going for the others when the client that it began for leaves', async () => {
      const made = Promise.withResolvers<Page>();
      const pages = counted(() => made.promise);
      const { site, cache, responses } = await start(pages);
      const leaving = new AbortController();
      const left = site.ask('/a', { signal: leaving.signal });
      await expect.poll(() => pages.runs).toBe(1);
      const asked = site.ask('/a');
      await expect.poll(() => cache.statistics().tiers.l1?.misses).toBe(2);

      leaving.abort();
      await expect(left).rejects.toMatchObject({ name: 'AbortError' });
      made.resolve({ headers: text, body: 'hello' });

      expect(await asked).toMatchObject({ status: 200, body: 'hello' });
      expect(pages.runs).toBe(1);
      expect(responses.statistics()).toMatchObject({ misses: 1, errors: 0 });
    });

    it('gives a stale response at once and refreshes it in the background', async () => {
      const pages = counted(() => ({ headers: text, body: `run ${pages.runs}` }));
      const { site, clock } = await start(pages, { staleWhileRevalidateMs: 30_000 });
      await site.ask('/a', { headers: { 'accept-language': 'de' } });
      clock.advanceSync(60_000);

      const stale = await site.ask('/a');
      await expect.poll(() => pages.runs).toBe(2);
      await expect.poll(async () => (await site.ask('/a')).body).toBe('run 2');

      expect(stale).toMatchObject({ body: 'run 1' });
      expect(stale.headers).toMatchObject({
        age: '60',
        'cache-control': 'max-age=60, stale-while-revalidate=30',
        'cache-status': 'Holdfast; hit; ttl=0',
      });
      expect(pages.runs).toBe(2);
    });

    it('gives a stale response in place of a failure, with nothing of the failure in it', async () => {
      const pages = counted((): Page => {
        if (pages.runs === 1) return { headers: text, body: 'hello' };
        return { status: 503, headers: { ...text, 'retry-after': '9', 'x-broken': 'yes' }, body: 'down' };
      });
      const { site, clock } = await start(pages, { staleIfErrorMs: 30_000 });
      await site.ask('/a');
      clock.advanceSync(61_000);

      const answer = await site.ask('/a');

      expect(pages.runs).toBe(2);
      expect(answer).toMatchObject({ status: 200, body: 'hello' });
      expect(answer.headers).toMatchObject({
        age: '61',
        'cache-status': 'Holdfast; fwd=stale',
        'content-length': '5',
      });
      expect(answer.headers['x-broken']).toBeUndefined();
      expect(answer.headers['retry-after']).toBeUndefined();
      clock.advanceSync(29_001);
      expect(await site.ask('/a')).toMatchObject({ status: 503, body: 'down' });
    });

    it('gives a stale response in place of an exception', async () => {
      const pages = counted(async (): Promise<Page> => {
        if (pages.runs === 1) return { headers: text, body: 'hello' };
        throw new Error('down');
      });
      const { site, clock } = await start(pages, { staleIfErrorMs: 30_000 });
      await site.ask('/a');
      clock.advanceSync(61_000);

      expect(await site.ask('/a')).toMatchObject({ status: 200, body: 'hello' });
      expect(await site.ask('/b')).toMatchObject({ status: 500 });
    });

    it('lets everybody who waited for a failure run the page himself', async () => {
      const made = Promise.withResolvers<Page>();
      const pages = counted(() =>
        pages.runs === 1 ? made.promise : { headers: text, body: `run ${pages.runs}` },
      );
      const { site, cache } = await start(pages);

      const asked = [site.ask('/a')];
      await expect.poll(() => pages.runs).toBe(1);
      asked.push(site.ask('/a'), site.ask('/a'));
      await expect.poll(() => cache.statistics().tiers.l1?.misses).toBe(3);
      made.resolve({ status: 500, headers: text, body: 'mine alone' });
      const answers = await Promise.all(asked);

      expect(answers.map(({ status }) => status)).toEqual([500, 200, 200]);
    });

    it.each([
      ['a cookie', { 'set-cookie': ['a=1', 'b=2'] }],
      ['no-store', { 'cache-control': 'no-store' }],
      ['private', { 'cache-control': 'max-age=60, private' }],
      ['no-cache', { 'cache-control': 'no-cache' }],
      ['Vary: *', { vary: '*' }],
    ])('stores nothing of a response with %s, and leaves it as it is', async (_, headers) => {
      const pages = counted(() => ({ headers: { ...text, ...headers }, body: `run ${pages.runs}` }));
      const { site } = await start(pages);

      const answers = [await site.ask('/a'), await site.ask('/a')];

      expect(answers.map(({ body }) => body)).toEqual(['run 1', 'run 2']);
      const told = Object.entries(headers).map(([name, value]) => [name, value.toString()]);
      for (const { headers: sent } of answers) {
        expect(sent['etag']).toBeUndefined();
        expect(sent).toMatchObject(Object.fromEntries(told));
      }
    });

    it('stores nothing of a stream and passes it on whole', async () => {
      const pages = counted(() => ({
        headers: { 'content-type': 'text/event-stream' },
        body: Readable.from([Buffer.from('a'), Buffer.from('b')]),
      }));
      const { site } = await start(pages);

      expect((await site.ask('/a')).body).toBe('ab');
      expect((await site.ask('/a')).body).toBe('ab');
      expect(pages.runs).toBe(2);
    });

    it('has nobody wait for the end of a stream, or of a response that is too long', async () => {
      const made = Promise.withResolvers<Page['body']>();
      const pages = counted(async () => ({
        headers: { 'content-type': 'text/event-stream' },
        body: pages.runs === 1 ? ((await made.promise) ?? '') : 'own',
      }));
      const { site, cache } = await start(pages, { maxBodyBytes: 3 });
      const asked = [site.ask('/a')];
      await expect.poll(() => pages.runs).toBe(1);
      asked.push(site.ask('/a'));
      await expect.poll(() => cache.statistics().tiers.l1?.misses).toBe(2);
      const stream = new PassThrough();

      made.resolve(stream);
      stream.write('first');

      expect(await asked[1]).toMatchObject({ status: 200, body: 'own' });
      stream.end('last');
      expect(await asked[0]).toMatchObject({ status: 200, body: 'firstlast' });
    });

    it('stores nothing that is longer than maxBodyBytes and passes it on whole', async () => {
      const pages = counted(({ url }) => ({ headers: text, body: 'x'.repeat(url === '/fits' ? 10 : 11) }));
      const { site } = await start(pages, { maxBodyBytes: 10 });

      for (const path of ['/fits', '/fits', '/long', '/long']) await site.ask(path);

      expect(pages.runs).toBe(3);
      expect((await site.ask('/long')).body).toBe('x'.repeat(11));
    });

    it('drops what is stored of a URL before the answer to a method that changes it', async () => {
      const pages = counted(({ method }) => ({ headers: text, body: `${method} ${pages.runs}` }));
      const { site } = await start(pages);
      await site.ask('/a?x=1');
      await site.ask('/b');

      expect(await site.ask('/a?x=1', { method: 'PUT' })).toMatchObject({ status: 200, body: 'PUT 3' });

      expect((await site.ask('/a?x=1')).body).toBe('GET 4');
      expect((await site.ask('/b')).body).toBe('GET 2');
    });

    it('keeps what is stored where such a method fails, or where the option says so', async () => {
      const pages = counted(({ method }) => ({
        status: method === 'PUT' ? 400 : 200,
        headers: text,
        body: 'hello',
      }));
      const { site } = await start(pages);
      await site.ask('/a');
      await site.ask('/a', { method: 'PUT' });
      await site.ask('/a');
      expect(pages.runs).toBe(2);

      const others = counted(() => ({ headers: text, body: 'hello' }));
      const { site: other } = await start(others, { unsafeMethods: 'ignore' });
      await other.ask('/a');
      await other.ask('/a', { method: 'PUT' });
      await other.ask('/a');
      expect(others.runs).toBe(2);
    });

    it('runs pages as if there were no cache while the cache fails', async () => {
      const down = async (): Promise<never> => {
        throw new Error('down');
      };
      const cache = { get: down, delete: down, deleteTag: down };
      const pages = counted(() => ({ headers: text, body: 'hello' }));
      const { site, responses } = await start(pages, { cache });

      expect(await site.ask('/a')).toMatchObject({ status: 200, body: 'hello' });
      expect(await site.ask('/a', { method: 'PUT' })).toMatchObject({ status: 200, body: 'hello' });
      expect(pages.runs).toBe(2);
      expect(responses.statistics()).toMatchObject({ errors: 2, passes: 1 });
    });

    it('answers only-if-cached with 504 where nothing is stored, if it honours clients', async () => {
      const pages = counted(() => ({ headers: text, body: 'hello' }));
      const { site } = await start(pages, { clientDirectives: 'honour' });
      const headers = { 'cache-control': 'only-if-cached' };

      expect(await site.ask('/a', { headers })).toMatchObject({ status: 504, body: '' });
      await site.ask('/a');

      expect(await site.ask('/a', { headers })).toMatchObject({ status: 200, body: 'hello' });
      expect(pages.runs).toBe(1);
    });

    it('asks a page that gave validators whether what is held is current, and keeps it if so', async () => {
      const asked: unknown[] = [];
      const pages = counted(({ headers }): Page => {
        asked.push(headers['if-none-match']);
        if (headers['if-none-match'] === '"v1"')
          return { status: 304, headers: { etag: '"v1"', 'x-run': `${pages.runs}` } };
        return { headers: { ...text, etag: '"v1"', 'x-run': '1' }, body: 'hello' };
      });
      const { site, clock } = await start(pages, { staleIfErrorMs: 30_000 });
      await site.ask('/a');
      clock.advanceSync(61_000);

      const answer = await site.ask('/a');
      clock.advanceSync(1_000);

      expect(answer).toMatchObject({ status: 200, body: 'hello' });
      expect(answer.headers).toMatchObject({ 'x-run': '2', 'content-type': text['content-type'] });
      expect(await site.ask('/a')).toMatchObject({ status: 200, body: 'hello' });
      expect(asked).toEqual([undefined, '"v1"']);
    });

    it.each([
      ['no-store', { 'cache-control': 'no-store' }],
      ['a life that is over', { 'cache-control': 'max-age=0' }],
      ['a cookie', { 'set-cookie': 'a=1' }],
    ])('gives the whole of what a page confirms with %s, and holds it no longer', async (_, more) => {
      const pages = counted(({ headers }): Page => {
        if (headers['if-none-match'] === '"v1"') return { status: 304, headers: { etag: '"v1"', ...more } };
        return { headers: { ...text, etag: '"v1"' }, body: `run ${pages.runs}` };
      });
      const { site, clock } = await start(pages, { staleIfErrorMs: 60_000 });
      await site.ask('/a');
      clock.advanceSync(61_000);

      const answer = await site.ask('/a');

      expect(answer).toMatchObject({ status: 200, body: 'run 1' });
      expect(answer.headers).toMatchObject({ ...more, 'content-type': text['content-type'] });
      expect(await site.ask('/a', { headers: { 'if-none-match': '"v1"' } })).toMatchObject({
        status: 304,
        body: '',
      });
      expect(await site.ask('/a')).toMatchObject({ status: 200, body: 'run 4' });
    });

    it('gives each language its own variant, from wherever it is asked', async () => {
      const pages = counted(({ headers }) => ({
        headers: { ...text, vary: 'Accept-Language' },
        body: `in ${headers['accept-language']}`,
      }));
      const { site } = await start(pages);
      const ask = async (language: string): Promise<string> =>
        (await site.ask('/a', { headers: { 'accept-language': language } })).body;

      for (const language of ['de', 'fr', 'de', 'fr', 'it', 'de'])
        expect(await ask(language)).toBe(`in ${language}`);

      expect(pages.runs).toBe(3);
    });

    it('stores compressed bodies with their encoding, for those who take it', async () => {
      const pages = counted(({ headers }) => ({
        headers: {
          ...text,
          vary: 'Accept-Encoding',
          ...(headers['accept-encoding']?.includes('br') === true ? { 'content-encoding': 'br' } : {}),
        },
        body: 'hello',
      }));
      const { site } = await start(pages);
      const ask = async (coding: string): Promise<string | undefined> =>
        (await site.ask('/a', { headers: { 'accept-encoding': coding } })).headers['content-encoding'];

      expect(await ask('gzip, br')).toBe('br');
      expect(await ask('br,gzip')).toBe('br');
      expect(await ask('gzip')).toBeUndefined();
      expect(await ask('gzip')).toBeUndefined();
      expect(pages.runs).toBe(2);
    });
  });
}
