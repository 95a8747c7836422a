import { type ExecuteOptions, HoldfastError } from '@holdfast/core';
import { settle } from '@holdfast/core/testing';
import { createCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import type { Item } from '../../src/domain/model.ts';
import { DatabaseUnavailableError } from '../../src/service/database-outage.ts';
import { CallScope } from '../../src/service/call-scope.ts';
import type { Feature } from '../../src/service/features.ts';
import { Memory } from '../../src/service/memory.ts';
import { createPolicies } from '../../src/service/policies.ts';
import { aRecall, aUser } from '../support/fixtures.ts';

type Fixture = Awaited<ReturnType<typeof aMemory>>;

const call: ExecuteOptions = { deadlineMs: 5_000 };

/** The service without HTTP, servers and load. */
async function aMemory(): Promise<
  {
    memory: Memory;
    recall: Awaited<ReturnType<typeof aRecall>>['recall'];
    off: Set<Feature>;
    embedded: string[];
  } & AsyncDisposable
> {
  const fixture = await aRecall();
  const { recall } = fixture;
  const off = new Set<Feature>();
  const embedded: string[] = [];
  const memory = new Memory({
    recall,
    caches: {
      answers: createCache({ namespace: 'answers', ttlMs: 60_000 }),
      revisions: createCache<string>({ namespace: 'revisions', ttlMs: 60_000 }),
    },
    degradation: { isEnabled: (feature: Feature) => !off.has(feature) } as never,
    requests: createPolicies({ databaseUrl: undefined }).requests,
    scope: new CallScope(),
    embedLater: async (user) => void embedded.push(user),
  });
  return { memory, recall, off, embedded, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
}

class Refusal extends HoldfastError {
  override readonly name = 'Refusal';
  readonly code: `ERR_${string}`;
  constructor(code: `ERR_${string}`) {
    super(code);
    this.code = code;
  }
}

/** An item that was read, so it is cached; and then changed behind the service's back. */
async function aChangedItem({
  memory,
  recall,
}: Fixture): Promise<{ user: ReturnType<typeof aUser>; item: Item }> {
  const user = aUser();
  const item = await memory.createItem(user, { title: 'one' }, call);
  await memory.getItem(user, item.id, call);
  await recall.items.update(user, item.id, { title: 'two' }, 1);
  expect((await memory.getItem(user, item.id, call)).title).toBe('one');
  return { user, item };
}

describe('Memory', () => {
  it('reads its own writes, of every kind', async () => {
    await using fixture = await aMemory();
    const { memory, embedded } = fixture;
    const user = aUser();
    const titles = async (): Promise<readonly string[]> =>
      (await memory.search(user, { query: 'walrus' }, call)).hits.map(({ item }) => item.title).toSorted();

    expect(await titles()).toEqual([]);
    const { id } = await memory.createItem(user, { title: 'walrus one' }, call);
    expect(await titles()).toEqual(['walrus one']);
    await memory.importItems(user, [{ title: 'walrus two' }], call);
    expect(await titles()).toEqual(['walrus one', 'walrus two']);
    await memory.updateItem(user, id, { title: 'walrus three' }, 1, call);
    expect(await titles()).toEqual(['walrus three', 'walrus two']);
    await memory.deleteItem(user, id, undefined, call);
    expect(await titles()).toEqual(['walrus two']);
    expect(embedded).toHaveLength(4);
  });

  it('forgets what it made of the items when nobody knows whether a write happened', async () => {
    await using fixture = await aMemory();
    const { memory, recall } = fixture;
    const { user, item } = await aChangedItem(fixture);
    recall.items.create = () => Promise.reject(new DatabaseUnavailableError(new Error('reset')));

    await expect(memory.createItem(user, { title: 'x' }, call)).rejects.toThrow('cannot be used');

    expect((await memory.getItem(user, item.id, call)).title).toBe('two');
  });

  it('forgets it as well when somebody else turns out to have changed an item', async () => {
    await using fixture = await aMemory();
    const { memory } = fixture;
    const { user, item } = await aChangedItem(fixture);

    await expect(memory.updateItem(user, item.id, { title: 'x' }, 1, call)).rejects.toMatchObject({
      code: 'ERR_VERSION_CONFLICT',
    });

    expect((await memory.getItem(user, item.id, call)).version).toBe(2);
  });

  it.each(['ERR_CIRCUIT_OPEN', 'ERR_BULKHEAD_FULL', 'ERR_INVALID_INPUT'] as const)(
    'keeps it when a write was refused with %s, so that a user who goes on trying can still read',
    async (code) => {
      await using fixture = await aMemory();
      const { memory, recall } = fixture;
      const { user, item } = await aChangedItem(fixture);
      recall.items.create = () => Promise.reject(new Refusal(code));

      await expect(memory.createItem(user, { title: 'x' }, call)).rejects.toThrow(code);

      expect((await memory.getItem(user, item.id, call)).title).toBe('one');
    },
  );

  it('forgets it even when the write ends after its deadline', async () => {
    await using fixture = await aMemory();
    const { memory, recall } = fixture;
    const { user, item } = await aChangedItem(fixture);
    const { promise, resolve } = Promise.withResolvers<Item>();
    recall.items.create = () => promise;

    await expect(memory.createItem(user, { title: 'x' }, { deadlineMs: 5 })).rejects.toMatchObject({
      code: 'ERR_DEADLINE_EXCEEDED',
    });
    resolve(item);
    await settle();

    expect((await memory.getItem(user, item.id, call)).title).toBe('two');
  });

  it('cuts predictions from one that is kept, and drops it with the next event', async () => {
    await using fixture = await aMemory();
    const { memory, recall } = fixture;
    const user = aUser();
    const ids: string[] = [];
    for (const title of ['a', 'b', 'c']) ids.push((await memory.createItem(user, { title }, call)).id);
    const visit = (eventId: string, index: number): Promise<unknown> =>
      memory.recordEvents(user, [{ eventId, itemId: ids[index] ?? '' }], call);
    await visit('1', 0);
    await visit('2', 1);
    let made = 0;
    const predict = recall.predict.bind(recall);
    recall.predict = (...request) => {
      made += 1;
      return predict(...request);
    };

    const two = await memory.predict(user, { limit: 2 }, call);
    const one = await memory.predict(user, { limit: 1 }, call);
    expect(one.items).toEqual(two.items.slice(0, 1));
    expect(made).toBe(1);

    await visit('2', 1);
    await memory.predict(user, {}, call);
    expect(made).toBe(1);
    await visit('3', 2);
    await memory.predict(user, {}, call);
    expect(made).toBe(2);
    await memory.predict(user, { context: ids[0] }, call);
    await memory.predict(user, { limit: 21 }, call);
    expect(made).toBe(4);
  });

  it('leaves out under load what can be left out, and says so', async () => {
    await using fixture = await aMemory();
    const { memory, off } = fixture;
    const user = aUser();
    await memory.createItem(user, { title: 'walrus' }, call);
    off.add('semantic-ranking').add('suggestions');

    expect(await memory.search(user, { query: 'walrus', mode: 'hybrid' }, call)).toMatchObject({
      mode: 'text',
      embedding: 'none',
      degraded: ['semantic-ranking'],
    });
    expect((await memory.search(user, { query: 'walrus', mode: 'text' }, call)).degraded).toEqual([]);
    await expect(memory.suggest(user, { text: 'walrus' }, call)).rejects.toMatchObject({
      code: 'ERR_FEATURE_OFF',
      retryAfterMs: 10_000,
    });
    off.clear();
    expect(await memory.search(user, { query: 'walrus', mode: 'hybrid' }, call)).toMatchObject({
      mode: 'hybrid',
      degraded: [],
    });
  });

  it('takes texts that are stored alike for the same question, also those that are no text', async () => {
    await using fixture = await aMemory();
    const { memory, recall } = fixture;
    const user = aUser();
    let made = 0;
    const suggest = recall.suggest.bind(recall);
    recall.suggest = (...request) => {
      made += 1;
      return suggest(...request);
    };

    for (const text of ['caf\u00e9 \ufffd', 'cafe\u0301 \ud800', 'cafe\u0301 \udfff\u0000'])
      await memory.suggest(user, { text }, call);

    expect(made).toBe(1);
  });

  it('has vectors made that an answer turns out to lack', async () => {
    await using fixture = await aMemory();
    const { memory, recall, embedded } = fixture;
    const user = aUser();
    const search = recall.search.bind(recall);
    recall.search = async (...request) => ({
      ...(await search(...request)),
      degraded: ['vectors-incomplete'],
    });

    await memory.search(user, { query: 'walrus' }, call);

    expect(embedded).toEqual([user]);
  });
});
