import { describeWithRedis, describeWithRedisCluster } from '@holdfast/test-support';
import { Cluster, type Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';

import type { CoherentStore } from '../../src/coherence/coherent-store.ts';
import { envelope, stampOf } from '../contract/envelopes.ts';
import { commandCalls, gone, leaseMs, life, Opened, told } from './rig.ts';

const opened = new Opened();
afterEach(() => opened.close());

/** What a client sends, of what the store has to do with. */
const commands = ['get', 'mget', 'evalsha', 'eval', 'xread'] as const;

const extension = { stamp: stampOf(envelope()), freshUntil: 9e12, ...life };

const steps: [string, (store: CoherentStore) => Promise<unknown>][] = [
  ['acquire', (store) => store.acquire('key', { token: 'one', leaseMs })],
  ['renew', (store) => store.renew('key', { token: 'one', leaseMs })],
  ['fill', (store) => store.fill('key', 'one', envelope(), life)],
  ['release', (store) => store.release('key', 'one')],
  ['extend', (store) => store.extend('key', extension)],
  ['set', (store) => store.set('key', envelope(), { ...told, ...life })],
  ['expire', (store) => store.expire(['key'], 1_000, told)],
  ['delete', (store) => store.delete(['key'], gone)],
  ['invalidateTags', (store) => store.invalidateTags(['a', 'b'], 'delete-tags', told)],
  ['clear', (store) => store.clear(told)],
  ['tags', (store) => store.tags(['a', 'b'])],
  ['state', (store) => store.state()],
  ['start', (store) => store.start('end')],
];

/** What lies in another slot than the log. */
const changesOfKeys = new Set(['set', 'expire', 'delete']);

/** How often each command was sent. What scripts call counts as well; of these only `GET` is among them. */
async function sent(
  nodes: readonly Redis[],
  step: () => Promise<unknown>,
): Promise<Record<(typeof commands)[number], number>> {
  const before = await Promise.all(nodes.map(commandCalls));
  await step();
  const after = await Promise.all(nodes.map(commandCalls));
  const calls = (command: string): number =>
    nodes.reduce((sum, _, at) => sum + (after[at]?.(command) ?? 0) - (before[at]?.(command) ?? 0), 0);
  return Object.fromEntries(commands.map((command) => [command, calls(command)])) as never;
}

describeWithRedis('round trips to one server', (server) => {
  it.each(steps)('%s is one', async (_name, step) => {
    const client = opened.client(server.url);
    const { store } = opened.cache(client);
    await step(store);
    const counted = await sent([client], () => step(store));

    expect([counted.evalsha, counted.eval, counted.xread]).toEqual([1, 0, 0]);
  });

  it('a read is one, and so are many of one turn', async () => {
    const client = opened.client(server.url);
    const { store } = opened.cache(client);
    const keys = Array.from({ length: 500 }, (_, index) => `key ${index}`);
    const one = await sent([client], () => store.get('key'));
    const many = await sent([client], () => Promise.all(keys.map((key) => store.get(key))));
    const batch = await sent([client], () => store.getMany(keys));

    expect(one).toEqual({ get: 1, mget: 0, evalsha: 0, eval: 0, xread: 0 });
    expect(many).toEqual({ get: 0, mget: 1, evalsha: 0, eval: 0, xread: 0 });
    expect(batch).toEqual(many);
  });

  it('a batch of keys that are missing is three: one to look, one for the leases, one to fill', async () => {
    const client = opened.client(server.url);
    const { store } = opened.cache(client);
    const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`);
    await store.acquire('other', { token: 'one', leaseMs });
    await store.fill('other', 'one', envelope(), life);
    const counted = await sent([client], async () => {
      await store.getMany(keys);
      await Promise.all(keys.map((key) => store.acquire(key, { token: key, leaseMs })));
      await Promise.all(keys.map((key) => store.fill(key, key, envelope(), life)));
    });

    expect({ mget: counted.mget, evalsha: counted.evalsha, eval: counted.eval }).toEqual({
      mget: 1,
      evalsha: 2,
      eval: 0,
    });
    expect((await store.getMany(keys)).size).toBe(100);
  });

  it('a reading of the log is one, sent as two commands', async () => {
    const client = opened.client(server.url);
    const { store } = opened.cache(client);
    const { mark } = await store.start('end');
    await store.read(mark, 10);
    const waited = await sent([client], () => store.read(mark, 10));
    const atOnce = await sent([client], () => store.read(mark, 0));

    expect([waited.xread, waited.evalsha, waited.eval]).toEqual([1, 1, 0]);
    expect([atOnce.xread, atOnce.evalsha, atOnce.eval]).toEqual([0, 1, 0]);
  });

  it('a deletion of 250 keys is sent at once, as three scripts', async () => {
    const client = opened.client(server.url);
    const { store } = opened.cache(client);
    await store.delete(['key'], gone);
    const keys = Array.from({ length: 250 }, (_, index) => `key ${index}`);
    const counted = await sent([client], () => store.delete(keys, gone));

    expect([counted.evalsha, counted.eval]).toEqual([3, 0]);
  });
});

describeWithRedisCluster('round trips to a Cluster', (cluster) => {
  it.each(steps)('%s is one, or two if it has to be logged elsewhere', async (name, step) => {
    const client = new Cluster([...cluster.addresses]);
    opened.keep({ [Symbol.asyncDispose]: async () => client.disconnect() });
    const nodes = cluster.nodes.map((node) => opened.client(node.url));
    const { store } = opened.cache(client);
    await step(store);
    const counted = await sent(nodes, () => step(store));

    expect([counted.evalsha, counted.eval]).toEqual([changesOfKeys.has(name) ? 2 : 1, 0]);
  });
});
