import { inspect } from 'node:util';
import { describeWithRedis, until } from '@holdfast/test-support';
import { createCache, type TieredCacheEvent } from '@holdfast/tiered-cache';
import { type NodeRedisClient, redis, type RedisClient } from '@holdfast/tiered-cache/redis';
import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import { Opened } from './rig.ts';

const wrong = 'not-the-password';
const right = 'the-password';
const secretValue = 'a value that is nobody else’s business';

type Client = RedisClient | NodeRedisClient | string;

const opened = new Opened();
afterEach(() => opened.close());

/** All that somebody could see of an error, however deep. */
const shown = (error: unknown): string => inspect(error, { depth: Infinity, showHidden: true });

function kept<C extends { disconnect(): void; on(event: 'error', listener: () => void): unknown }>(
  client: C,
): C {
  client.on('error', () => undefined);
  opened.keep({ [Symbol.asyncDispose]: async () => client.disconnect() });
  return client;
}

describeWithRedis(
  'errors of a Redis that refuses the password',
  (server) => {
    beforeAll(async () => {
      const admin = new Redis(server.url);
      await admin.config('SET', 'requirepass', right);
      admin.disconnect();
    });

    const clients: [string, () => Client | Promise<Client>][] = [
      ['ioredis 6', () => kept(new Redis(server.url, { password: wrong }))],
      ['ioredis 5', () => kept(new Redis5(server.url, { password: wrong }))],
      ['a URL', () => server.url.replace('redis://', `redis://:${wrong}@`)],
      [
        'node-redis',
        () => {
          const client = createClient({ url: server.url, password: wrong, disableOfflineQueue: true });
          client.on('error', () => undefined);
          client.connect().catch(() => undefined);
          opened.keep({ [Symbol.asyncDispose]: async () => client.destroy() });
          return client;
        },
      ],
    ];

    it.each(clients)('carry neither it nor a value to whoever watches a cache on %s', async (_name, make) => {
      const events: TieredCacheEvent[] = [];
      const seen: unknown[] = [];
      const guard = {
        execute: async (operation: (context: never) => unknown) => {
          try {
            return await operation(undefined as never);
          } catch (error) {
            seen.push(error);
            throw error;
          }
        },
      };
      const cache = createCache({
        namespace: 'shop',
        ttlMs: 60_000,
        l2: { cache: redis(await make()), guard: guard as never, timeoutMs: 2_000 },
      });
      opened.keep(cache);
      cache.events.subscribe((event) => events.push(event));
      await cache.get('key', () => secretValue);
      const strict = await cache.set('key', secretValue, { strict: true }).catch((error: unknown) => error);
      await until('the tier has failed', () => events.some(({ type }) => type === 'tier-failed'));

      expect(shown([events, seen, strict])).not.toContain(wrong);
      expect(shown([events, seen, strict])).not.toContain(secretValue);
      expect(strict).toMatchObject({ code: 'ERR_CACHE_WRITE_QUEUED' });
      expect(seen.length).toBeGreaterThan(0);
    });

    it.each(clients)('carry neither to whoever uses the tier by itself, on %s', async (_name, make) => {
      const cache = redis(await make());
      opened.keep(cache);
      const failures = await Promise.all(
        [
          cache.get('key'),
          cache.getMany(['key', 'other']),
          cache.set('key', secretValue),
          cache.delete('key'),
          cache.clear(),
        ].map((operation) => operation.catch((error: unknown) => error)),
      );

      for (const failure of failures) {
        expect(failure).toBeInstanceOf(Error);
        expect(shown(failure)).not.toContain(wrong);
        expect(shown(failure)).not.toContain(secretValue);
      }
    });

    it('still say what is wrong', async () => {
      const cache = redis(kept(new Redis(server.url, { password: wrong })));
      opened.keep(cache);

      await expect(cache.get('key')).rejects.toMatchObject({
        name: 'ReplyError',
        message: expect.stringMatching(/^WRONGPASS|^NOAUTH/),
      });
    });
  },
  { controllable: true },
);

describeWithRedis('errors of commands that a Redis does not take', (server) => {
  it('do not carry what was to be stored, nor tell it in their text', async () => {
    const admin = opened.client(server.url);
    const user = `user-${Math.floor(performance.timeOrigin)}`;
    await admin.acl('SETUSER', user, 'on', '>pw', '~*', '+@all', '-evalsha', '-eval', '-set');
    const cache = redis(opened.client(server.url, { username: user, password: 'pw' }));
    opened.keep(cache);
    const store = cache.coherent('shop');
    const failures = await Promise.all([
      cache.set('key', secretValue).catch((error: unknown) => error),
      store
        .set('key', Buffer.from(secretValue), { origin: 'test', ttlMs: 1_000 })
        .catch((error: unknown) => error),
    ]);
    await admin.acl('DELUSER', user);

    for (const failure of failures) {
      expect(String(failure)).toContain('NOPERM');
      expect(shown(failure)).not.toContain(secretValue);
      expect(shown(failure)).not.toContain(Buffer.from(secretValue).toString('hex').slice(0, 20));
      expect(failure).not.toHaveProperty('command');
    }
  });
});

describe('a URL of a wrong form', () => {
  it.each([`http://user:${wrong}@cache:6379`, `user:${wrong}@cache:6379`, wrong])(
    'is refused without its password: %s',
    (url) => {
      let refusal: unknown;
      try {
        redis(url);
      } catch (error) {
        refusal = error;
      }

      expect(refusal).toMatchObject({ code: 'ERR_INVALID_OPTION', option: 'clientOrUrl' });
      expect(shown(refusal)).not.toContain(wrong);
    },
  );
});
