import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { AnswerStore } from '@holdfast/dedupe/http';
import { until } from '@holdfast/test-support';
import { describe, expect, it } from 'vitest';

import {
  expressSite,
  fastifySite,
  type Page,
  type Question,
  type Reply,
  type Site,
  type SiteOptions,
  type Visit,
} from './site.ts';

const ann = { 'x-user': 'ann' };
const bob = { 'x-user': 'bob' };

/** Pages that are made when the test says so. Each says how often one was asked for. */
class Kitchen {
  readonly visits: Visit[] = [];
  readonly #orders: ((page: Page) => void)[] = [];

  readonly cook = (visit: Visit): Promise<Page> => {
    this.visits.push(visit);
    return new Promise((resolve) => this.#orders.push(resolve));
  };

  /** Serves the page of a visit, known by its number. */
  async serve(visit: number, page: Page = { body: `page ${visit}` }): Promise<void> {
    await until(`visit ${visit} has come`, () => this.#orders.length > visit);
    this.#orders[visit]?.(page);
  }
}

const followers = (site: Site, count: number): Promise<void> =>
  until(`${count} wait`, () => site.requests.statistics().calls.follower === count);
const bodies = (replies: readonly Reply[]): string[] => replies.map(({ body }) => body);

describe.each([
  ['express', expressSite],
  ['fastify', fastifySite],
])('requests to %s', (_server, open) => {
  const start = async (options?: SiteOptions): Promise<{ kitchen: Kitchen; site: Site }> => {
    const kitchen = new Kitchen();
    return { kitchen, site: await open(kitchen.cook, options) };
  };

  describe('that are identical and under way', () => {
    it('share one answer, with the status and headers of the handler and what else each one gets', async () => {
      const { kitchen, site } = await start();
      const asking = Array.from({ length: 5 }, () => site.ask('/menu?day=1', { headers: ann }));
      await followers(site, 4);

      await kitchen.serve(0, { status: 404, headers: { 'x-dish': 'soup' }, body: 'none today' });
      const replies = await Promise.all(asking);

      expect(kitchen.visits).toHaveLength(1);
      for (const reply of replies)
        expect(reply).toMatchObject({ status: 404, body: 'none today', headers: { 'x-dish': 'soup' } });
      expect(new Set(replies.map(({ headers }) => headers['x-request'])).size).toBe(5);
    });

    it.each<[string, readonly [string, Question], readonly [string, Question]]>([
      ['users', ['/a', { headers: ann }], ['/a', { headers: bob }]],
      ['paths', ['/a', { headers: ann }], ['/b', { headers: ann }]],
      ['queries', ['/a?1', { headers: ann }], ['/a?2', { headers: ann }]],
      ['languages', ['/a', { headers: ann }], ['/a', { headers: { ...ann, 'accept-language': 'eo' } }]],
      ['conditions', ['/a', { headers: ann }], ['/a', { headers: { ...ann, 'if-none-match': '"1"' } }]],
      ['hosts', ['/a', { headers: ann }], ['/a', { headers: { ...ann, host: 'other.example' } }]],
      [
        'headers named in the options',
        ['/a', { headers: ann }],
        ['/a', { headers: { ...ann, 'x-plan': 'b' } }],
      ],
    ])('are not identical with different %s', async (_what, first, second) => {
      const { kitchen, site } = await start({ vary: ['X-Plan'] });

      const asking = [site.ask(...first), site.ask(...second)];
      await kitchen.serve(0);
      await kitchen.serve(1);

      expect(new Set(bodies(await Promise.all(asking)))).toEqual(new Set(['page 0', 'page 1']));
    });

    it('share nothing without an identity, nor once the first has been answered', async () => {
      const { kitchen, site } = await start();

      const asking = [site.ask('/a'), site.ask('/a')];
      await kitchen.serve(0);
      await kitchen.serve(1);
      await Promise.all(asking);
      const again = site.ask('/a', { headers: ann });
      await kitchen.serve(2);
      await again;
      const later = site.ask('/a', { headers: ann });
      await kitchen.serve(3);

      expect(await later).toMatchObject({ body: 'page 3' });
    });

    it.each<[string, Page['headers']]>([
      ['sets a cookie', { 'set-cookie': 'session=1' }],
      ['is private to a client without credentials', { 'cache-control': 'private' }],
      [
        'may not be stored, and was asked for without credentials',
        { 'cache-control': 'max-age=1, no-store' },
      ],
      ['varies by everything', { vary: '*' }],
      ['varies by what differs', { vary: 'Accept, X-Shape' }],
    ])('each run their handler when the answer %s', async (_what, headers = {}) => {
      const { kitchen, site } = await start();
      const asking = ['round', 'square'].map((shape) =>
        site.ask('/a', { headers: { ...ann, 'x-shape': shape } }),
      );
      await followers(site, 1);

      await kitchen.serve(0, { headers, body: 'first' });
      await kitchen.serve(1, { body: 'second' });

      expect(new Set(bodies(await Promise.all(asking)))).toEqual(new Set(['first', 'second']));
    });

    it.each<[string, Page['headers']]>([
      ['is private to a client with credentials', { 'cache-control': 'private' }],
      ['varies by what is the same', { vary: 'X-User' }],
    ])('share an answer that %s', async (_what, headers = {}) => {
      const { kitchen, site } = await start();
      const asking = [1, 2].map(() => site.ask('/a', { headers: { ...ann, authorization: 'Bearer 1' } }));
      await followers(site, 1);

      await kitchen.serve(0, { headers });
      await Promise.all(asking);

      expect(kitchen.visits).toHaveLength(1);
    });

    it('each run their handler when the answer is a stream, or too long', async () => {
      const { kitchen, site } = await start({ maxBodyBytes: 8 });
      for (const [visit, body] of [
        [0, () => Readable.from(['stre', 'am'])],
        [2, () => 'too long!'],
      ] as const) {
        const asking = [1, 2].map(() => site.ask('/a', { headers: ann }));
        await until('one waits', () => site.requests.statistics().calls.follower === visit / 2 + 1);
        await kitchen.serve(visit, { body: body() });
        await kitchen.serve(visit + 1, { body: body() });

        expect(new Set(bodies(await Promise.all(asking))).size).toBe(1);
      }

      expect(kitchen.visits).toHaveLength(4);
    });

    it('answer HEAD without a body', async () => {
      const { kitchen, site } = await start();
      const asking = [1, 2].map(() => site.ask('/a', { method: 'HEAD', headers: ann }));
      await followers(site, 1);

      await kitchen.serve(0);

      for (const reply of await Promise.all(asking))
        expect(reply).toMatchObject({ status: 200, body: '', headers: { 'content-length': '6' } });
      expect(kitchen.visits).toHaveLength(1);
    });

    it('go on without a client that leaves', async () => {
      const { kitchen, site } = await start();
      const first = new AbortController();
      const left = site.ask('/a', { headers: ann, signal: first.signal }).catch(() => 'left');
      await until('the first one has come', () => kitchen.visits.length === 1);
      const second = new AbortController();
      const alsoLeft = site.ask('/a', { headers: ann, signal: second.signal }).catch(() => 'left');
      const stays = site.ask('/a', { headers: ann });
      await followers(site, 2);

      first.abort();
      second.abort();
      expect(await Promise.all([left, alsoLeft])).toEqual(['left', 'left']);
      await kitchen.serve(0);

      expect(await stays).toMatchObject({ body: 'page 0' });
      expect(kitchen.visits).toHaveLength(1);
    });

    it('are taken over from a handler that falls silent when its client has left', async () => {
      const { kitchen, site } = await start({ handoverMs: 1 });
      const first = new AbortController();
      const left = site.ask('/a', { headers: ann, signal: first.signal }).catch(() => 'left');
      await until('the first one has come', () => kitchen.visits.length === 1);
      const others = [1, 2].map(() => site.ask('/a', { headers: ann }));
      await followers(site, 2);

      first.abort();
      await kitchen.serve(1);

      expect(await left).toBe('left');
      expect(bodies(await Promise.all(others))).toEqual(['page 1', 'page 1']);
    });

    it('share a failure of the handler', async () => {
      const site = await open(async () => {
        await until('one waits', () => site.requests.statistics().calls.follower === 1);
        throw new Error('the stove is cold');
      });

      const replies = await Promise.all([1, 2].map(() => site.ask('/a', { headers: ann })));

      expect(replies.map(({ status }) => status)).toEqual([500, 500]);
      expect(site.requests.statistics()).toMatchObject({ calls: { leader: 1, follower: 1 }, inFlight: 0 });
    });
  });

  describe('that are unsafe', () => {
    const order = (key: string | undefined, body = '{"dish":1}', headers: Record<string, string> = ann) => ({
      method: 'POST',
      body,
      headers: { ...headers, ...(key === undefined ? {} : { 'idempotency-key': key }) },
    });

    it('run their handler each time without an idempotency key', async () => {
      const { kitchen, site } = await start();
      const asking = [1, 2].map(() => site.ask('/orders', order(undefined)));

      await kitchen.serve(0);
      await kitchen.serve(1);

      expect(new Set(bodies(await Promise.all(asking)))).toEqual(new Set(['page 0', 'page 1']));
    });

    it('get the answer of the first one when they come again with its key, quoted or not', async () => {
      const { kitchen, site } = await start();
      const asking = site.ask('/orders', order('"k-1"'));
      await kitchen.serve(0, {
        status: 201,
        headers: { location: '/orders/7', 'set-cookie': 'basket=' },
        body: 'cooking',
      });
      const first = await asking;

      const again = await site.ask('/orders', order('k-1'));

      expect(first.headers).toMatchObject({ 'set-cookie': ['basket='] });
      expect(first.headers['idempotency-replayed']).toBeUndefined();
      expect(again).toMatchObject({ status: 201, body: 'cooking' });
      expect(again.headers).toMatchObject({ location: '/orders/7', 'idempotency-replayed': 'true' });
      expect(again.headers['set-cookie']).toBeUndefined();
      expect(again.headers['x-request']).toBe('2');
      expect(kitchen.visits).toHaveLength(1);
    });

    it('get the failure of the first one too, but not what asked them to come again', async () => {
      const { kitchen, site } = await start();
      for (const [visit, status] of [500, 422, 503, 429, 425].entries()) {
        const asking = site.ask('/orders', order(`key-${status}`));
        await kitchen.serve(visit, { status });
        expect((await asking).status).toBe(status);
      }

      expect((await site.ask('/orders', order('key-500'))).status).toBe(500);
      expect((await site.ask('/orders', order('key-422'))).status).toBe(422);
      for (const [at, status] of [503, 429, 425].entries()) {
        const asking = site.ask('/orders', order(`key-${status}`));
        await kitchen.serve(5 + at);
        expect((await asking).status).toBe(200);
      }
    });

    it('never get the answer of another user', async () => {
      const { kitchen, site } = await start();
      const asking = [site.ask('/orders', order('k')), site.ask('/orders', order('k', undefined, bob))];

      await kitchen.serve(0);
      await kitchen.serve(1);

      expect(new Set(bodies(await Promise.all(asking)))).toEqual(new Set(['page 0', 'page 1']));
    });

    it.each([
      ['body', '/orders', order('k', '{"dish":2}')],
      ['path', '/refunds', order('k')],
      ['method', '/orders', { ...order('k'), method: 'PATCH' }],
    ] as const)('are refused (422) when a key comes with another %s', async (_what, path, question) => {
      const { kitchen, site } = await start({ idempotency: { documentation: 'https://example.com/keys' } });
      const asking = site.ask('/orders', order('k'));
      await kitchen.serve(0);
      await asking;

      const refused = await site.ask(path, question);

      expect(refused.status).toBe(422);
      expect(refused.headers['retry-after']).toBeUndefined();
      expect(refused.headers).toMatchObject({
        'content-type': expect.stringMatching(/^application\/problem\+json/),
        link: '<https://example.com/keys>; rel="describedby"',
      });
      expect(JSON.parse(refused.body)).toMatchObject({
        type: 'https://example.com/keys',
        title: 'Idempotency-Key is already used',
        status: 422,
      });
    });

    it('are refused (409) while the first one is under way, and the key stays with it', async () => {
      const { kitchen, site } = await start();
      const first = site.ask('/orders', order('k'));
      await until('the first one has come', () => kitchen.visits.length === 1);

      const refused = await site.ask('/orders', order('k'));
      const mistaken = await site.ask('/orders', order('k', '{"dish":2}'));
      await kitchen.serve(0);

      expect([refused.status, mistaken.status, (await first).status]).toEqual([409, 422, 200]);
      expect(refused.headers['retry-after']).toBe('1');
      expect(await site.ask('/orders', order('k'))).toMatchObject({ body: 'page 0' });
    });

    it("wait for the first one's answer with concurrent: 'join'", async () => {
      const { kitchen, site } = await start({ idempotency: { concurrent: 'join' } });
      const first = site.ask('/orders', order('k'));
      await until('the first one has come', () => kitchen.visits.length === 1);
      const others = [1, 2].map(() => site.ask('/orders', order('k')));
      await followers(site, 2);

      await kitchen.serve(0);

      expect(bodies(await Promise.all([first, ...others]))).toEqual(['page 0', 'page 0', 'page 0']);
      expect(kitchen.visits).toHaveLength(1);
    });

    it('keep the answer for a client that has left meanwhile', async () => {
      const { kitchen, site } = await start();
      const client = new AbortController();
      const left = site.ask('/orders', { ...order('k'), signal: client.signal }).catch(() => 'left');
      await until('it has come', () => kitchen.visits.length === 1);

      client.abort();
      expect(await left).toBe('left');
      await kitchen.serve(0);
      let again: Reply | undefined;
      await until('it is answered', async () => {
        again = await site.ask('/orders', order('k'));
        return again.status !== 409;
      });

      expect(again).toMatchObject({ status: 200, body: 'page 0' });
      expect(kitchen.visits).toHaveLength(1);
    });

    it('are refused (400) without a key where one is required, and with a malformed one', async () => {
      const { kitchen, site } = await start({ idempotency: { required: true, maxKeyLength: 10 } });

      const missing = await site.ask('/orders', order(undefined));
      const malformed = await Promise.all(
        ['""', '"a" "b"', 'a, b', '"a', 'twelve-chars'].map((key) => site.ask('/orders', order(key))),
      );
      const put = site.ask('/orders', { ...order(undefined), method: 'PUT' });
      await kitchen.serve(0);

      expect([missing, ...malformed].map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 400]);
      expect(JSON.parse(missing.body)).toMatchObject({
        title: 'Idempotency-Key is missing',
        type: 'about:blank',
      });
      expect((await put).status).toBe(200);
    });

    it('say so (409) when the answer was too long to be kept, and do not run again', async () => {
      const { kitchen, site } = await start({ maxBodyBytes: 4 });
      const first = site.ask('/orders', order('k'));
      await kitchen.serve(0, { body: 'long answer' });

      expect(await first).toMatchObject({ status: 200, body: 'long answer' });
      expect(JSON.parse((await site.ask('/orders', order('k'))).body)).toMatchObject({
        title: 'The answer for this Idempotency-Key was not kept',
        status: 409,
      });
    });

    it('mean nothing by their key with idempotency: false', async () => {
      const { kitchen, site } = await start({ idempotency: false });
      const asking = [1, 2].map(() => site.ask('/orders', order('k')));

      await kitchen.serve(0);
      await kitchen.serve(1);
      await Promise.all(asking);

      expect(kitchen.visits).toHaveLength(2);
    });

    it('are refused (503) while the store fails, and answered when it fails later', async () => {
      const broken: AnswerStore = {
        claim: ({ key }) =>
          key.includes('down') ? Promise.reject(new Error('down')) : { kind: 'claimed', token: '1' },
        complete: () => Promise.reject(new Error('down')),
        release: () => undefined,
      };
      const { kitchen, site } = await start({ idempotency: { store: broken } });

      const refused = await site.ask('/orders', order('down'));
      const asking = site.ask('/orders', order('up'));
      await kitchen.serve(0);

      expect([refused.status, (await asking).status]).toEqual([503, 200]);
      expect(site.requests.statistics().idempotency).toEqual({
        executed: 1,
        replayed: 0,
        refused: 1,
        storeErrors: 2,
      });
    });

    it.each([
      ['their answer is kept', 'short'],
      ['it is known that their answer is too long to be kept', 'a long answer'],
    ])('are answered only when %s', async (_when, body) => {
      const kept = Promise.withResolvers<void>();
      const events: string[] = [];
      const slow: AnswerStore = {
        claim: () => ({ kind: 'claimed', token: '1' }),
        complete: async () => {
          events.push('keeping');
          await kept.promise;
          events.push('kept');
        },
        release: () => undefined,
      };
      const { kitchen, site } = await start({ maxBodyBytes: 8, idempotency: { store: slow } });

      const asking = site.ask('/orders', order('k')).then((reply) => events.push(`answered ${reply.body}`));
      await kitchen.serve(0, { body });
      await until('the store is asked', () => events.length === 1);
      // As long as another request takes, there and back.
      const meanwhile = site.ask('/menu', { headers: ann });
      await kitchen.serve(1);
      await meanwhile;
      expect(events).toEqual(['keeping']);
      kept.resolve();
      await asking;

      expect(events).toEqual(['keeping', 'kept', `answered ${body}`]);
    });
  });
});

describe('a handler that sends its headers early', () => {
  it('is a stream, whose followers run handlers of their own', async () => {
    const raw: ServerResponse[] = [];
    const site = await expressSite((_visit, response) => {
      raw.push(response);
      return new Promise(() => undefined);
    });
    const asking = [1, 2].map(() => site.ask('/events', { headers: ann }));
    await followers(site, 1);

    raw[0]?.flushHeaders();
    await until('the other one runs', () => raw.length === 2);
    for (const response of raw) response.end('an event');

    expect(bodies(await Promise.all(asking))).toEqual(['an event', 'an event']);
  });

  it('names them in writeHead like any other', async () => {
    const raw: ServerResponse[] = [];
    const site = await expressSite((_visit, response) => {
      raw.push(response);
      return new Promise(() => undefined);
    });
    const flat = ['x-a', '1', 'x-a', '2', 'X-B', 3];
    const forms = [
      [{ 'x-a': ['1', '2'], 'X-B': 3 }],
      ['Fine', flat],
      [
        [
          ['x-a', '1'],
          ['x-a', '2'],
          ['X-B', 3],
        ],
      ],
    ];

    for (const [at, form] of forms.entries()) {
      const asking = [1, 2].map(() => site.ask(`/${at}`, { headers: ann }));
      await followers(site, at + 1);
      (raw[at] as unknown as { writeHead(...args: unknown[]): void }).writeHead(202, ...form);
      raw[at]?.end(Buffer.from('body'));

      for (const reply of await Promise.all(asking))
        expect(reply).toMatchObject({ status: 202, body: 'body', headers: { 'x-a': '1, 2', 'x-b': '3' } });
    }
    expect(raw).toHaveLength(3);
  });
});
