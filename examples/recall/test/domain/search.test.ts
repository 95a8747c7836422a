import { describe, expect, it } from 'vitest';

import { draftOf } from '../../src/corpus/corpus.ts';
import type { Recall } from '../../src/domain/recall.ts';
import type { UserId } from '../../src/domain/user-id.ts';
import type { Embedder } from '../../src/embedding/embedder.ts';
import { aRecall, aUser, theCorpus } from '../support/fixtures.ts';

async function libraryOf(recall: Recall): Promise<UserId> {
  const user = aUser();
  const drafts = theCorpus().corpus.sections.map(draftOf);
  for (let index = 0; index < drafts.length; index += 200)
    await recall.items.import(user, drafts.slice(index, index + 200));
  return user;
}

/** Swaps the fourth letter of long words with the fifth. */
const misspelt = (text: string): string =>
  text.replaceAll(
    /\p{L}{6,}/gu,
    (word) => word.slice(0, 3) + word.slice(3, 5).split('').toReversed().join('') + word.slice(5),
  );

/** Mean of 1 / rank over titles as queries; 0 for an item that is not among ten. */
async function meanReciprocalRank(
  recall: Recall,
  user: UserId,
  queryOf: (title: string) => string,
): Promise<number> {
  const titles = theCorpus()
    .corpus.sections.map(({ title }) => title)
    .filter((_, index) => index % 8 === 0);
  let sum = 0;
  for (const title of titles) {
    const { hits } = await recall.search(user, { query: queryOf(title).slice(0, 512), limit: 10 });
    const place = hits.findIndex(({ item }) => item.title === title);
    if (place >= 0) sum += 1 / (place + 1);
  }
  return sum / titles.length;
}

describe('Search', () => {
  it('finds known sections of the documentation by their titles, spelt well or badly', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const user = await libraryOf(recall);

    const spelt = await meanReciprocalRank(recall, user, (title) => title);
    const badly = await meanReciprocalRank(recall, user, misspelt);

    // Measured: 0.873 and 0.856 over 500 titles.
    expect(spelt).toBeGreaterThan(0.82);
    expect(badly).toBeGreaterThan(0.8);
  }, 30_000);

  it('says what it searched for when words were misspelt, and shows where it found them', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const user = aUser();
    await recall.items.create(user, { title: 'Schemas', body: 'How validation of a response works.' });

    const answer = await recall.search(user, { query: 'Valdation OF responces' });

    // 'responces' is no form of a word that is there, 'of' is too short to be taken for another.
    expect(answer.corrected).toBe('validation of responces');
    const [hit] = answer.hits;
    expect(hit?.snippet?.highlights.map(([start, end]) => hit.snippet?.text.slice(start, end))).toEqual([
      'validation',
      'of',
    ]);
  });

  it('leaves a word alone that is a form of one which is there', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const user = aUser();
    await recall.items.create(user, { title: 'Configure it', body: 'Configures' });

    const answer = await recall.search(user, { query: 'configured' });

    expect(answer.corrected).toBeUndefined();
    expect(answer.hits).toHaveLength(1);
  });

  it('corrects by the user’s own words alone', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    await recall.items.create(aUser(), { title: 'Walrus' });
    const user = aUser();
    await recall.items.create(user, { title: 'Penguin' });

    expect((await recall.search(user, { query: 'walrsu' })).corrected).toBeUndefined();
  });

  it('pages through what it found', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const user = aUser();
    await recall.items.import(
      user,
      Array.from({ length: 12 }, (_, index) => ({ title: `Fox ${index}` })),
    );
    const seen: string[] = [];

    let cursor: string | undefined;
    do {
      const page = await recall.search(user, { query: 'fox', limit: 5, cursor });
      seen.push(...page.hits.map(({ item }) => item.id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);

    expect(new Set(seen).size).toBe(12);
    expect(seen).toHaveLength(12);
  });

  it.each([
    ['query', { query: '  ' }],
    ['query', { query: 'x'.repeat(513) }],
    ['limit', { query: 'x', limit: 0 }],
    ['cursor', { query: 'x', cursor: 'nonsense' }],
  ])('refuses a bad %s', async (field, request) => {
    await using fixture = await aRecall();

    await expect(fixture.recall.search(aUser(), request)).rejects.toMatchObject({
      code: 'ERR_INVALID_INPUT',
      field,
    });
  });
});

describe('Search in mode hybrid', () => {
  /** Knows that whatever mentions a dog is what is asked for. */
  const dogs: Embedder = {
    model: 'dogs',
    dimensions: 2,
    embed: async (texts) =>
      texts.map((text) => (/dog/i.test(text) ? Float32Array.of(1, 0) : Float32Array.of(0, 1))),
  };
  const ids = async (recall: Recall, user: UserId): Promise<readonly string[]> =>
    (await recall.search(user, { query: 'pet dog', mode: 'hybrid' })).hits.map(({ item }) => item.title);

  async function pets(recall: Recall): Promise<UserId> {
    const user = aUser();
    await recall.items.create(user, { title: 'A pet, a pet, a pet' });
    await recall.items.create(user, { title: 'Pet with other words: doggedness', body: 'x '.repeat(40) });
    return user;
  }

  it('ranks by the remote model’s vectors once all items have one', async () => {
    await using fixture = await aRecall({ remote: dogs });
    const { recall } = fixture;
    const user = await pets(recall);

    const before = await recall.search(user, { query: 'pet', mode: 'hybrid' });
    expect(before).toMatchObject({ embedding: 'local', degraded: ['vectors-incomplete'] });
    expect((await ids(recall, user))[0]).toBe('A pet, a pet, a pet');

    expect(await recall.embeddings.embedPending(user, 1)).toBe(1);
    expect(await recall.embeddings.embedPending(user, 9)).toBe(1);
    expect(await recall.embeddings.embedPending(user, 9)).toBe(0);

    expect(await recall.search(user, { query: 'pet', mode: 'hybrid' })).toMatchObject({
      embedding: 'remote',
      degraded: [],
    });
    expect((await ids(recall, user))[0]).toBe('Pet with other words: doggedness');
  });

  it('falls back to the local vectors, and says so, when the remote model fails', async () => {
    let failing = false;
    const remote: Embedder = {
      ...dogs,
      embed: (texts, options) => (failing ? Promise.reject(new Error('down')) : dogs.embed(texts, options)),
    };
    await using fixture = await aRecall({ remote });
    const { recall } = fixture;
    const user = await pets(recall);
    await recall.embeddings.embedPending(user, 9);
    failing = true;

    const answer = await recall.search(user, { query: 'pet', mode: 'hybrid' });

    expect(answer).toMatchObject({ mode: 'hybrid', embedding: 'local', degraded: ['embedding'] });
    expect(answer.hits).toHaveLength(2);
  });

  it('rejects with the caller’s reason when the caller gives up', async () => {
    const controller = new AbortController();
    const remote: Embedder = {
      ...dogs,
      embed: async (texts, options) => {
        if (texts.includes('pet')) {
          controller.abort(new Error('gave up'));
          options?.signal?.throwIfAborted();
        }
        return dogs.embed(texts, options);
      },
    };
    await using fixture = await aRecall({ remote });
    const { recall } = fixture;
    const user = await pets(recall);
    await recall.embeddings.embedPending(user, 9);

    const search = recall.search(user, { query: 'pet', mode: 'hybrid' }, { signal: controller.signal });

    await expect(search).rejects.toThrow('gave up');
  });
});
