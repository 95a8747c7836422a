import { describeWithRedis, startRedis, until } from '@holdfast/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Fleet } from './fleet.ts';
import type { Node } from './node.ts';
import { Site } from './site.ts';

const fleet = new Fleet(3);
beforeAll(() => fleet.start());
afterAll(() => fleet[Symbol.asyncDispose]());

/** Longer than what is made good on may take on a slow machine: it would be logged twice. */
const impatient = { tierTimeoutMs: 1_000 };
const keys = ['a', 'b', 'c', 'd', 'e'];

describeWithRedis('writes while Redis cannot be reached', (server) => {
  let site: Site;
  beforeAll(() => {
    site = Site.alone(server);
  });
  afterAll(() => site[Symbol.asyncDispose]());

  const owed = async (node: Node): Promise<number | undefined> => (await node.statistics()).tiers.l2?.queued;

  it.concurrent.each(['cut', 'blackhole'] as const)(
    'are queued, each key once, and made good on when it can be (%s)',
    async (outage) => {
      await using detour = await site.detour();
      await using opened = await fleet.open([detour.wiring('url'), site.direct('url')], impatient);
      const { nodes, truth, prefix } = opened;
      const [a, b] = nodes;
      for (const key of keys) await Promise.all([a.get(key), b.get(key)]);
      const logged = await site.admin.xlen(`{${prefix}/shop}:log`);
      await detour[outage]();
      for (const key of keys) truth.change(key);
      const outcomes = await Promise.all(
        [...keys, ...keys, ...keys].map(async (key) => (await a.delete(key)).l2),
      );

      expect(new Set(outcomes)).toEqual(new Set(['queued']));
      expect(await owed(a)).toBe(keys.length);
      expect(await Promise.all(keys.map((key) => a.get(key)))).toEqual(keys.map(() => 1));
      await detour.heal();
      const seen = new Set<unknown>();
      await until('nothing is owed', async () => {
        for (const key of keys) seen.add(await a.get(key));
        return (await owed(a)) === 0;
      });
      expect([...seen]).toEqual([1]);
      await until('the others see it', async () => {
        const answers = await Promise.all(keys.map((key) => b.get(key)));
        return answers.every((answer) => answer === 1);
      });
      expect((await site.admin.xlen(`{${prefix}/shop}:log`)) - logged).toBe(keys.length);
    },
  );

  it.concurrent('are seen by their own process at once, whatever they change', async () => {
    await using detour = await site.detour();
    await using opened = await fleet.open([detour.wiring('url'), site.direct('url')], impatient);
    const { nodes, truth } = opened;
    const [a, b] = nodes;
    const tagged = { tags: ['tag'] };
    for (const key of ['set', 'expired']) await a.get(key);
    for (const key of ['tagged', 'other']) await a.get(key, tagged);
    await detour.cut();
    for (const key of ['set', 'expired', 'tagged', 'other']) truth.change(key);
    await a.set('set', 'mine');
    await a.call('expire', ['expired']);
    await a.deleteTag('tag');
    expect(await a.get('set')).toBe('mine');
    expect(await a.get('expired')).toBe(1);
    expect([await a.get('tagged', tagged), await a.get('other', tagged)]).toEqual([1, 1]);
    await detour.heal();
    const seen = new Set<unknown>();
    await until('nothing is owed', async () => {
      for (const key of ['expired', 'tagged', 'other']) seen.add(await a.get(key, tagged));
      return (await owed(a)) === 0;
    });

    expect([...seen]).toEqual([1]);
    await until('the others see all of it', async () => {
      const answers = await Promise.all(
        ['set', 'expired', 'tagged', 'other'].map((key) => b.get(key, tagged)),
      );
      return answers.every((answer) => answer === 1);
    });
  });

  it.concurrent('make Redis incredible about their keys until they are made good on', async () => {
    await using own = await startRedis({ controllable: true });
    await using alone = Site.alone(own);
    await using opened = await fleet.open(alone.direct('url'));
    const { nodes, truth } = opened;
    const [a, b] = nodes;
    await Promise.all([a.get('key'), b.get('key')]);
    // It still gives out what it has.
    await alone.admin.replicaof('127.0.0.1', 1);
    truth.change('key');
    expect(await a.delete('key')).toMatchObject({ l2: 'queued' });
    expect(await a.get('key')).toBe(1);
    expect(await b.entry('key')).toMatchObject({ value: 0 });
    await alone.admin.replicaof('NO', 'ONE');

    await until('the others see it', async () => (await b.get('key')) === 1);
    expect(await a.get('key')).toBe(1);
  });

  it.concurrent('reject if they must not be queued, and memory has dropped the key all the same', async () => {
    await using detour = await site.detour();
    await using opened = await fleet.open([detour.wiring('url'), site.direct('url')], {
      ...impatient,
      strict: true,
    });
    const { nodes, truth } = opened;
    const [a] = nodes;
    await a.get('key');
    await detour.cut();
    truth.change('key');

    await expect(a.delete('key')).rejects.toMatchObject({ name: 'WriteQueuedError' });
    await expect(a.set('other', 1)).rejects.toMatchObject({ name: 'WriteQueuedError' });
    expect(await a.get('key')).toBe(1);
  });

  it.concurrent('end with a clear when too many of them are owed', async () => {
    await using detour = await site.detour();
    await using opened = await fleet.open([detour.wiring('url'), site.direct('url')], impatient);
    const { nodes, truth } = opened;
    const [a, b] = nodes;
    await Promise.all([a.get('key'), b.get('key'), b.get('untouched')]);
    await detour.cut();
    truth.change('key');
    await a.delete('key');
    const many = Array.from({ length: 10_000 }, (_, index) => `key ${index}`);
    await Promise.all(many.map((key) => a.delete(key)));
    expect(await owed(a)).toBe(0);
    expect(await a.get('key')).toBe(1);
    await detour.heal();

    await until('the others see it', async () => (await b.get('key')) === 1);
    expect(await b.get('untouched')).toBe(0);
    expect(truth.loads('untouched')).toBe(2);
  });
});
