import { describe, expect, it } from 'vitest';

import { aRecall, aUser, epochMs } from '../support/fixtures.ts';

const code = (expected: string): object => expect.objectContaining({ code: expected });

describe('Items', () => {
  it('creates an item that is found at once, by id, in the list and by search', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const user = aUser();

    const item = await recall.items.create(user, {
      title: 'Walrus facts',
      body: 'They have tusks.',
      tags: ['Sea'],
    });

    expect(item).toMatchObject({
      kind: 'note',
      tags: ['sea'],
      version: 1,
      createdAt: epochMs,
      updatedAt: epochMs,
    });
    expect(await recall.items.get(user, item.id)).toEqual(item);
    expect((await recall.items.list(user)).items.map(({ id }) => id)).toEqual([item.id]);
    expect((await recall.search(user, { query: 'tusk' })).hits.map((hit) => hit.item.id)).toEqual([item.id]);
    expect((await recall.embeddings.localVectors(user)).has(item.id)).toBe(true);
  });

  it('refuses a second item from one source and names the first', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const user = aUser();
    const first = await recall.items.create(user, { title: 'One', source: 'page' });

    await expect(recall.items.create(user, { title: 'Two', source: 'page' })).rejects.toMatchObject({
      code: 'ERR_DUPLICATE_SOURCE',
      itemId: first.id,
    });
  });

  it('updates an item from the version that the writer saw, and from no other', async () => {
    await using fixture = await aRecall();
    const { recall, clock } = fixture;
    const user = aUser();
    const item = await recall.items.create(user, {
      title: 'Old',
      body: 'walrus',
      source: 'page',
      tags: ['t'],
    });
    await clock.advance(1_000);

    const updated = await recall.items.update(user, item.id, { body: 'penguin' }, 1);

    expect(updated).toEqual({ ...item, body: 'penguin', version: 2, updatedAt: epochMs + 1_000 });
    expect(await recall.items.get(user, item.id)).toEqual(updated);
    await expect(recall.items.update(user, item.id, { body: 'late' }, 1)).rejects.toMatchObject({
      code: 'ERR_VERSION_CONFLICT',
      actual: 2,
    });
    expect((await recall.search(user, { query: 'walrus' })).hits).toEqual([]);
    expect((await recall.search(user, { query: 'penguin' })).hits).toHaveLength(1);
  });

  it('deletes an item, once', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const user = aUser();
    const { id } = await recall.items.create(user, { title: 'Gone soon' });

    await expect(recall.items.delete(user, id, 2)).rejects.toThrow(code('ERR_VERSION_CONFLICT'));
    await recall.items.delete(user, id, 1);

    for (const use of [
      recall.items.get(user, id),
      recall.items.delete(user, id),
      recall.items.update(user, id, {}, 1),
    ])
      await expect(use).rejects.toThrow(code('ERR_ITEM_NOT_FOUND'));
  });

  it('says of another user’s item what it says of one that never was', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const { id } = await recall.items.create(aUser(), { title: 'Mine' });

    await expect(recall.items.get(aUser(), id)).rejects.toThrow(`no item ${id}`);
  });

  it('pages through a list without loss or repetition, also while items are added', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const user = aUser();
    for (let index = 0; index < 25; index += 1) await recall.items.create(user, { title: `Title ${index}` });
    const titles: string[] = [];

    let cursor: string | undefined;
    do {
      const page = await recall.items.list(user, { limit: 10, cursor });
      titles.push(...page.items.map(({ title }) => title));
      cursor = page.nextCursor;
      await recall.items.create(user, { title: 'Added meanwhile' });
    } while (cursor !== undefined);

    expect(titles).toEqual(Array.from({ length: 25 }, (_, index) => `Title ${24 - index}`));
  });

  it('imports a batch in one go, passing over sources that are there', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const user = aUser();
    const drafts = ['a', 'b', 'a'].map((source) => ({ title: source, source }));

    const outcomes = (await recall.items.import(user, drafts)).map(({ outcome }) => outcome);

    expect(outcomes).toEqual(['created', 'created', 'duplicate']);
    await expect(recall.items.import(user, [{ title: 'fine' }, { title: '' }])).rejects.toThrow(
      code('ERR_INVALID_INPUT'),
    );
    const tooMany = Array.from({ length: 201 }, () => ({ title: 'x' }));
    await expect(recall.items.import(user, tooMany)).rejects.toThrow(code('ERR_INVALID_INPUT'));
    expect((await recall.items.list(user)).items).toHaveLength(2);
  });
});

describe('Events', () => {
  it('records up to 100 accesses of a call, and counts what it passed over', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const user = aUser();
    const { id } = await recall.items.create(user, { title: 'Opened' });
    const events = Array.from({ length: 100 }, (_, index) => ({ eventId: `e${index % 60}`, itemId: id }));

    expect(await recall.events.record(user, events)).toEqual({ accepted: 60, duplicates: 40, unknown: 0 });
    await expect(recall.events.record(user, [...events, ...events])).rejects.toThrow(
      code('ERR_INVALID_INPUT'),
    );
  });
});
