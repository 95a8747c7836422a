import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithRedis } from '@holdfast/test-support';
import { createCache, type TieredCache, type TieredCacheOptions } from '@holdfast/tiered-cache';
import { redis } from '@holdfast/tiered-cache/redis';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';

import { commandCalls } from '../redis/rig.ts';

const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guides/tiered-cache.md'), 'utf8');

/** What follows `ACL` in the guide. */
function rightsInTheGuide(): string[] {
  const [, command = ''] = /^ACL SETUSER ([\s\S]*?)```/m.exec(guide) ?? [];
  return command.trim().split(/\s+/);
}

/** Does everything that a cache does. */
async function useAll(cache: TieredCache): Promise<void> {
  await cache.get('loaded', () => 1);
  await cache.getMany(['loaded', 'b', 'c'], (keys) => new Map(keys.map((key) => [key, key])));
  await cache.get('with tags', () => 1, { tags: ['red'] });
  await cache.set('versioned', 1, { version: 2, tags: ['red'] });
  await cache.delete('versioned', { version: 3 });
  await cache.expire('loaded');
  for (const tag of ['red', 'green', 'blue']) await cache.deleteTag(tag);
  await cache.expireTag('red');
  await cache.get('with tags', () => 2);
  await cache.delete('b');
  await cache.delete('b');
  await cache.clear();
  await cache.set('left', 1);
}

describeWithRedis('a cache in Redis', (server) => {
  const opened: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0).toReversed()) await each[Symbol.asyncDispose]();
  });

  const connect = (user?: { readonly username: string; readonly password: string }): Redis => {
    const client = new Redis(server.port, server.host, { ...user });
    opened.push({ [Symbol.asyncDispose]: async () => client.disconnect() });
    return client;
  };
  const open = (client: Redis, options: Partial<TieredCacheOptions> = {}): TieredCache => {
    const l2 = redis(client, { maxTags: 2 });
    const cache = createCache({ namespace: 'shop', ttlMs: 60_000, l2, ...options });
    opened.push(cache);
    return cache;
  };

  it('works with the rights that the guide names, and asks for no other', async () => {
    const admin = connect();
    await admin.flushall();
    await admin.acl('LOG', 'RESET');
    await admin.acl('SETUSER', ...(rightsInTheGuide() as [string, ...string[]]));
    const client = connect({ username: 'app', password: 'secret' });
    const calls = async (command: string): Promise<number> => (await commandCalls(admin))(command);
    const troubles: unknown[] = [];
    for (const options of [{ leaseMs: 100 }, { leaseMs: 100, l1: false, settleMs: 10 }] as const) {
      await admin.config('RESETSTAT');
      const cache = open(client, options);
      cache.events.subscribe((event) => troubles.push(event));
      await useAll(cache);
      // Long enough for the lease to be renewed.
      await cache.get('slow', async () => {
        await expect.poll(() => calls('pexpire')).toBeGreaterThan(0);
        return 1;
      });
      expect(await admin.acl('LOG')).toEqual([]);
    }

    expect(troubles).toEqual([]);
  });

  it('gives every key a life but log, meta and tags, so that a volatile policy evicts none of these', async () => {
    const admin = connect();
    await admin.flushall();
    const cache = open(connect());
    await useAll(cache);
    await cache.set('kept', 1, { tags: ['red'] });
    const names = await admin.keys('*');
    const lives = await Promise.all(names.map(async (name) => [name, await admin.pttl(name)] as const));

    const endless = lives.filter(([, life]) => life === -1).map(([name]) => name);
    expect(endless.toSorted()).toEqual(
      ['{holdfast/shop}:log', '{holdfast/shop}:meta', '{holdfast/shop}:tags'].filter((name) =>
        names.includes(name),
      ),
    );
    expect(names).toContain('holdfast/shop:v:{kept}');
  });

  it('has one connection more for each log, and none for parts of a cache', async () => {
    const admin = connect();
    const client = connect();
    await client.ping();
    const count = async (): Promise<number> =>
      String(await admin.client('LIST'))
        .trim()
        .split('\n').length;
    const before = await count();
    for (const namespace of ['one', 'two', 'three']) {
      const cache = open(client, { namespace });
      await cache.get('key', () => 1);
      await cache.namespace('part').get('key', () => 1);
      await cache.define('kind', { load: (id: string) => id }).get('key');
    }

    await expect.poll(count).toBe(before + 3);
  });

  it('writes 104 bytes before a payload without tags and etag, under the names that the guide gives', async () => {
    const admin = connect();
    const cache = open(connect());
    await cache.set('small', 1);
    const stored = await admin.getBuffer('holdfast/shop:v:{small}');

    // After the envelope: 12 bytes that say how the value was written, and `1`.
    expect(stored?.length).toBe(104 + 12 + 1);
    const life = await admin.pttl('holdfast/shop:v:{small}');
    expect(life).toBeGreaterThan(50_000);
    expect(life).toBeLessThanOrEqual(60_000);
  });
});
