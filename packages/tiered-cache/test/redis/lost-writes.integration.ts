import { describeWithRedis, until } from '@holdfast/test-support';
import { createCache, type TieredCache } from '@holdfast/tiered-cache';
import { redis } from '@holdfast/tiered-cache/redis';
import { afterEach, expect, it } from 'vitest';

import { Opened } from './rig.ts';

const opened = new Opened();
afterEach(() => opened.close());

describeWithRedis(
  'writes that a Redis has acknowledged and forgotten',
  (server) => {
    /** A process of its own, over a client that waits for the server to come back. */
    const open = (): TieredCache =>
      opened.keep(
        createCache({
          namespace: 'shop',
          ttlMs: 600_000,
          l2: redis(opened.client(server.url, { retryStrategy: () => 50 }), { prefix: 'lost' }),
        }),
      );

    it('are made good as removals by who has made them', async () => {
      const [one, other] = [open(), open()];
      for (const key of ['deleted', 'set', 'tagged', 'untouched'])
        await one.get(key, () => 'old', key === 'tagged' ? { tags: ['red'] } : {});
      await other.getMany(['deleted', 'set', 'tagged', 'untouched']);
      const admin = opened.client(server.url, { retryStrategy: () => 50 });
      await admin.save();
      expect(await one.delete('deleted')).toMatchObject({ l2: 'applied' });
      expect(await one.set('set', 'new')).toMatchObject({ l2: 'applied' });
      expect(await one.deleteTag('red')).toMatchObject({ l2: 'applied' });

      // What was written down is older than that: so is what a replica has that takes over.
      await server.kill();
      await server.start({ data: 'kept' });
      await until('both have noticed', () =>
        [one, other].every((cache) => cache.statistics().coherence.gaps === 1),
      );
      await until('all is made good', async () => {
        const found = await other.getMany(['deleted', 'set', 'tagged', 'untouched']);
        return [...found.keys()].join() === 'untouched';
      });

      const late = open();
      expect([...(await late.getMany(['deleted', 'set', 'tagged', 'untouched']))]).toEqual([
        ['untouched', 'old'],
      ]);
    });
  },
  { controllable: true, settings: { save: '3600 1000000' } },
);
