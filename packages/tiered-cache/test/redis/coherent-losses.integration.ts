import { describeWithRedis } from '@holdfast/test-support';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { envelope } from '../contract/envelopes.ts';
import { readAll } from '../contract/coherent-store-log.ts';
import { FleetModel, type Step } from '../model/fleet-model.ts';
import { booksOf, gone, leaseMs, life, Opened, readAgain, told } from './rig.ts';

const opened = new Opened();
afterEach(() => opened.close());

describeWithRedis(
  'RedisCoherentStore and what its server loses',
  (server) => {
    let client: Redis;
    beforeAll(() => {
      client = new Redis(server.url);
      client.on('error', () => undefined);
    });
    afterAll(() => client.disconnect());

    const anyKey = fc.constantFrom('a', 'b');
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('begin', 'finish', 'look'), key: anyKey }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), key: anyKey }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('deleteTag' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('lose' as const),
          what: fc.constantFrom('log', 'meta', 'tags', 'lease', 'value', 'everything'),
        }),
      },
    );

    it('only misses, whatever is lost of its keys and when', async () => {
      const misses = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const { store, cache, prefix } = opened.cache(client);
        const fleet = new FleetModel(store, client, prefix);
        for (const each of steps) await fleet.take(each);
        for (const key of ['a', 'b']) await fleet.take({ do: 'look', key });
        await cache[Symbol.asyncDispose]();
      });

      await expect(fc.assert(misses, { numRuns: 150 })).resolves.toBeUndefined();
    });

    it('has a gap when entries that were not read are trimmed, and none for whoever has read them', async () => {
      const { store, prefix } = opened.cache(client, { maxLogEntries: 100 });
      const { mark: old } = await store.start('end');
      await Promise.all(Array.from({ length: 1_000 }, (_, index) => store.delete([`key ${index}`], gone)));
      const late = await store.read(old, 0);

      expect(await client.xlen(booksOf(prefix).log)).toBeLessThan(300);
      expect(late).toMatchObject({ gap: true, changes: [], more: false });
      const position = await store.delete(['next'], gone);
      expect(await store.read(late.mark, 0)).toMatchObject({ gap: false, changes: [{ position }] });
      const oldest = await store.start('oldest');
      expect((await readAll(store, oldest.mark)).at(-1)?.position).toBe(position);
    });

    it('has a gap when the log is lost before it was read, and keeps its positions in order', async () => {
      const { store, prefix } = opened.cache(client);
      const start = await store.start('end');
      const before = await store.delete(['a'], gone);
      await client.del(booksOf(prefix).log);
      const page = await store.read(start.mark, 0);
      expect(page).toMatchObject({ gap: true, epoch: start.epoch, mark: { position: before } });
      const after = await store.delete(['b'], gone);

      expect(after).toBeGreaterThan(before);
      expect(await store.read(page.mark, 0)).toMatchObject({ gap: false, changes: [{ position: after }] });
    });

    it('goes on when the log is lost after it was read, although the clock went back meanwhile', async () => {
      const { store, prefix } = opened.cache(client);
      await store.delete(['a'], gone);
      const { meta, log } = booksOf(prefix);
      await client.del(log);
      await client.hset(meta, 'last', '99999999999999-5');
      const { mark } = await store.start('end');
      const first = await store.delete(['b'], gone);
      const second = await store.delete(['c'], gone);

      expect([first > mark.position, second > first]).toEqual([true, true]);
      expect(await readAll(store, mark)).toHaveLength(2);
    });

    it.each([['meta'], ['a field of meta'], ['everything']])(
      'begins a new epoch when it loses %s',
      async (what) => {
        const { store, prefix } = opened.cache(client);
        const start = await store.start('end');
        await store.clear(told);
        await store.invalidateTags(['a'], 'delete-tags', told);
        if (what === 'meta') await client.del(booksOf(prefix).meta);
        else if (what === 'everything') await client.flushall();
        else await client.hdel(booksOf(prefix).meta, 'count');
        const page = await store.read(start.mark, 0);

        expect(page.epoch).not.toBe(start.epoch);
        expect(page).toMatchObject({ gap: true, cleared: 0n, tagFloor: 0n });
        expect(await store.tags(['a'])).toEqual(new Map());
        const position = await store.delete(['b'], gone);
        expect(await store.read(page.mark, 0)).toMatchObject({
          gap: false,
          changes: [{ position }],
          epoch: page.epoch,
        });
      },
    );

    it('takes every tag for deleted once it has lost when they were', async () => {
      const { store, prefix } = opened.cache(client);
      await store.invalidateTags(['a'], 'expire-tags', told);
      const last = await store.delete(['key'], gone);
      await client.del(booksOf(prefix).tags);

      const forgotten = { deleted: last, expired: 0n };
      expect(await store.tags(['a', 'b'])).toEqual(
        new Map([
          ['a', forgotten],
          ['b', forgotten],
        ]),
      );
      expect((await store.start('end')).tagFloor).toBe(last);
      const position = await store.invalidateTags(['b'], 'delete-tags', told);
      expect((await store.tags(['b'])).get('b')).toEqual({ deleted: position, expired: 0n });
      expect((await store.start('end')).tagFloor).toBe(last);
    });

    it('forgets the older half of the tags past the limit, and takes them for deleted then', async () => {
      const { store, prefix } = opened.cache(client, { maxTags: 20 });
      const positions = new Map<string, bigint>();
      for (let index = 0; index < 60; index += 1)
        positions.set(`tag ${index}`, await store.invalidateTags([`tag ${index}`], 'delete-tags', told));
      const { tagFloor } = await store.start('end');
      const kept = await client.hlen(booksOf(prefix).tags);

      expect(kept).toBeLessThanOrEqual(20);
      expect(kept).toBeGreaterThanOrEqual(9);
      const answers = await store.tags([...positions.keys()]);
      for (const [tag, position] of positions)
        expect(answers.get(tag)?.deleted).toBe(position > tagFloor ? position : tagFloor);
      expect([...positions.values()].filter((position) => position > tagFloor)).toHaveLength(kept);
    });

    it('stays near the limit of the tags also where thousands are invalidated', async () => {
      const { store, prefix } = opened.cache(client, { maxTags: 5_000 });
      for (let round = 0; round < 60; round += 1) {
        const tags = Array.from({ length: 1_000 }, (_, index) => `tag ${round} ${index}`);
        await store.invalidateTags(tags, 'delete-tags', told);
      }

      expect(await client.hlen(booksOf(prefix).tags)).toBeLessThan(7_000);
      const { tagFloor } = await store.start('end');
      const [[, newest] = []] = await store.tags(['tag 59 0']);
      expect(newest?.deleted).toBeGreaterThan(tagFloor);
      expect((await store.tags(['tag 0 0'])).get('tag 0 0')?.deleted).toBe(tagFloor);
    });

    it('goes on when the server has forgotten the scripts', async () => {
      const { store } = opened.cache(client);
      const { mark } = await store.start('end');
      await client.script('FLUSH');
      expect(await store.acquire('a', { token: 'one', leaseMs })).toEqual({ outcome: 'granted' });
      await client.script('FLUSH');
      expect(await store.fill('a', 'one', envelope(), life)).toBe(true);
      const reading = store.read(mark, 5_000);
      await client.script('FLUSH');
      await store.delete(['a'], gone);
      await client.script('FLUSH');

      expect((await reading).changes).toHaveLength(1);
      expect(await store.tags(['t'])).toEqual(new Map());
    });

    it('takes what others put under its keys for nothing, and replaces it', async () => {
      const { store, prefix } = opened.cache(client);
      const value = (key: string): string => `${prefix}/shop:v:{${key}}`;
      await client.set(value('text'), 'something that somebody else has put here');
      await client.lpush(value('list'), 'x');
      await client.set(value('foreign'), Buffer.alloc(200));

      for (const key of ['text', 'list', 'foreign']) {
        expect(await store.acquire(key, { token: 'one', leaseMs })).toEqual({ outcome: 'granted' });
        expect(await store.fill(key, 'one', envelope(), life)).toBe(true);
        expect(await store.get(key)).toEqual(envelope());
      }
    });

    it('takes what others put under its leases for none, and replaces it', async () => {
      const { store, prefix } = opened.cache(client);
      await client.lpush(`${prefix}/shop:l:{list}`, 'x');
      await client.set(`${prefix}/shop:l:{text}`, 'without an end');

      for (const key of ['list', 'text']) {
        expect(await store.fill(key, 'one', envelope(), life)).toBe(false);
        expect(await store.acquire(key, { token: 'one', leaseMs })).toEqual({ outcome: 'granted' });
        expect(await store.acquire(key, { token: 'two', leaseMs })).toEqual({ outcome: 'busy' });
        expect(await store.fill(key, 'one', envelope(), life)).toBe(true);
      }
    });

    it('has a gap and a new epoch after the server was restarted empty', async () => {
      const { store } = opened.cache(client);
      const start = await store.start('end');
      await server.stop();
      await server.start();
      const page = await readAgain(store, start.mark);

      expect(page.gap).toBe(true);
      expect(page.epoch).not.toBe(start.epoch);
    });
  },
  { controllable: true },
);

describeWithRedis(
  'RedisCoherentStore on a server that keeps its data',
  (server) => {
    it('has a gap after a restart, because the last writes may be lost', async () => {
      const { store } = opened.cache(opened.client(server.url));
      const start = await store.start('end');
      const position = await store.delete(['a'], gone);
      await server.stop();
      await server.start({ data: 'kept' });
      const page = await readAgain(store, start.mark);

      expect(page).toMatchObject({ gap: true, epoch: start.epoch, mark: { position } });
    });
  },
  { settings: { appendonly: 'yes', appendfsync: 'always' }, controllable: true },
);
