import { describeWithRedis } from '@holdfast/test-support';
import { createClient } from '@redis/client';
import { afterEach, expect, it } from 'vitest';

import { envelope } from '../contract/envelopes.ts';
import { gone, leaseMs, life, Opened, told } from './rig.ts';

describeWithRedis('keys of a coherent store', (server) => {
  const opened = new Opened();
  afterEach(() => opened.close());

  it('are called after the namespace, and live as long as they are told to', async () => {
    const client = opened.client(server.url);
    const { store, prefix } = opened.cache(client);
    await store.set('brief', envelope(), { ...told, ttlMs: 5_000 });
    await store.set('lasting', envelope(), { ...told, ttlMs: Infinity });
    await store.acquire('loading', { token: 'one', leaseMs });
    await store.delete(['settling'], { ...gone, settleMs: 5_000 });
    await store.invalidateTags(['tag'], 'delete-tags', told);
    const names = [
      [`${prefix}/shop:v:{brief}`, 5_000],
      [`${prefix}/shop:v:{lasting}`, -1],
      [`${prefix}/shop:l:{loading}`, leaseMs],
      [`${prefix}/shop:l:{settling}`, 5_000],
      [`{${prefix}/shop}:log`, -1],
      [`{${prefix}/shop}:meta`, -1],
      [`{${prefix}/shop}:tags`, -1],
    ] as const;

    const held = await client.keys(`*${prefix}*`);
    expect(held.toSorted()).toEqual(names.map(([name]) => name).toSorted());
    for (const [name, longestMs] of names) {
      const lifeMs = await client.pttl(name);
      expect(lifeMs).toBeLessThanOrEqual(longestMs);
      expect(lifeMs).toBeGreaterThan(longestMs - 4_000);
    }
  });

  it('begin with what the client puts before them', async () => {
    const admin = opened.client(server.url);
    const node = createClient({ url: server.url, keyPrefix: 'node:' });
    opened.keep({ [Symbol.asyncDispose]: async () => node.destroy() });
    await node.connect();
    const { store, prefix } = opened.cache(node);
    const { store: other } = opened.cache(opened.client(server.url, { keyPrefix: 'io:' }), { prefix });
    await store.set('key', envelope({ stamp: 1 }), { ...told, ...life });
    await other.set('key', envelope({ stamp: 2 }), { ...told, ...life });

    const held = await admin.keys(`*${prefix}*`);
    const books = ['log', 'meta'].map((name) => `{${prefix}/shop}:${name}`);
    const names = [`${prefix}/shop:v:{key}`, ...books];
    expect(held.toSorted()).toEqual(
      ['io:', 'node:'].flatMap((first) => names.map((name) => first + name)).toSorted(),
    );
    expect(await store.get('key')).toEqual(envelope({ stamp: 1 }));
  });
});
