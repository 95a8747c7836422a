import { describe, expect, it } from 'vitest';

import { draftOf } from '../../src/corpus/corpus.ts';
import { diversified } from '../../src/domain/suggest/diversity.ts';
import { Evidence } from '../../src/domain/suggest/evidence.ts';
import { aRecall, aUser, epochMs, theCorpus } from '../support/fixtures.ts';

const ids = (items: readonly { readonly itemId: string }[]): readonly string[] =>
  items.map(({ itemId }) => itemId);

describe('diversified', () => {
  const ranked = [
    { itemId: 'a', score: 1 },
    { itemId: 'a again', score: 0.95 },
    { itemId: 'b', score: 0.6 },
    { itemId: 'unknown', score: 0.1 },
  ];
  const vectors = new Map([
    ['a', Float32Array.of(1, 0)],
    ['a again', Float32Array.of(1, 0)],
    ['b', Float32Array.of(0, 1)],
  ]);

  it('keeps the order of scores without diversity', () => {
    expect(ids(diversified(ranked, vectors, { limit: 3, diversity: 0 }))).toEqual(['a', 'a again', 'b']);
  });

  it('puts what repeats an item behind what differs', () => {
    // 0.7 · 0.95 − 0.3 · 1 = 0.365 for the repetition, 0.7 · 0.6 = 0.42 for the other.
    expect(ids(diversified(ranked, vectors, { limit: 3, diversity: 0.3 }))).toEqual(['a', 'b', 'a again']);
  });

  it('gives no more than there is, and nothing of nothing', () => {
    expect(diversified(ranked, vectors, { limit: 9, diversity: 0.5 })).toHaveLength(4);
    expect(diversified([], vectors, { limit: 9, diversity: 0.5 })).toEqual([]);
  });
});

describe('Evidence', () => {
  it('adds up what speaks for an item and tells it, the strongest first', () => {
    const evidence = new Evidence(new Set(['excluded']), 0.1);
    evidence.addMatches([
      { itemId: 'a', score: 8 },
      { itemId: 'b', score: 4 },
      { itemId: 'excluded', score: 9 },
    ]);
    evidence.addSimilar([{ itemId: 'b', cosine: 0.5 }]);
    evidence.addTogether(
      [
        { from: 'a', to: 'c', weight: 1 },
        { from: 'b', to: 'c', weight: 4 },
      ],
      [
        { itemId: 'a', score: 1 },
        { itemId: 'b', score: 0.5 },
      ],
    );
    evidence.addUse(new Map([['b', { count: 1, frequency: 3, lastAt: epochMs }]]), epochMs);

    expect(evidence.reasons('b').map(({ reason }) => reason)).toEqual([
      'words',
      'often-opened',
      'recently-opened',
      'similar',
    ]);
    expect(evidence.reasons('c')).toEqual([{ reason: 'opened-together', strength: 0.25, with: 'b' }]);
    const scores = Object.fromEntries(evidence.ranked().map(({ itemId, score }) => [itemId, score]));
    expect(scores['a']).toBeCloseTo(8 / 9);
    expect(scores['b']).toBeCloseTo(4 / 9 + 0.05 + 0.1 + 0.1);
    expect(scores).not.toHaveProperty('excluded');
  });
});

describe('Suggester', () => {
  it('finds the section that half of its own text was taken from, more often than not', async () => {
    await using fixture = await aRecall({ local: theCorpus().embedder });
    const { recall } = fixture;
    const user = aUser();
    const { sections } = theCorpus().corpus;
    const cut = (body: string): readonly [string, string] => {
      const words = body.split(/\s+/);
      return [
        words.slice(0, words.length / 2).join(' '),
        words
          .slice(words.length / 2)
          .join(' ')
          .slice(0, 2_000),
      ];
    };
    const drafts = sections.map((section) => ({ ...draftOf(section), body: cut(section.body)[0] }));
    for (let index = 0; index < drafts.length; index += 200)
      await recall.items.import(user, drafts.slice(index, index + 200));
    const asked = sections.filter(({ body }, index) => index % 10 === 0 && body.length > 400);

    let found = 0;
    for (const { source, body } of asked) {
      const { items } = await recall.suggest(user, { text: cut(body)[1], limit: 5 });
      if (items.some(({ item }) => item.source === source)) found += 1;
    }

    const ratio = found / asked.length;
    process.stdout.write(`${JSON.stringify({ heldOutHalf: { n: asked.length, hit5: ratio } })}\n`);
    expect(asked.length).toBeGreaterThan(50);
    expect(ratio).toBeGreaterThan(0.5);
  }, 30_000);

  it('brings in what was opened together with what fits, and says with what', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const user = aUser();
    const walrus = await recall.items.create(user, { title: 'Walrus tusks' });
    const recipe = await recall.items.create(user, { title: 'Soup recipe' });
    await recall.items.create(user, { title: 'Unrelated' });
    await recall.events.record(user, [
      { eventId: '1', itemId: walrus.id },
      { eventId: '2', itemId: recipe.id, at: epochMs + 60_000 },
    ]);

    const { items, embedding } = await recall.suggest(user, {
      text: 'What is the length of the tusks of a walrus?',
    });

    expect(items.map(({ item }) => item.title)).toEqual(['Walrus tusks', 'Soup recipe']);
    expect(items[0]?.reasons[0]?.reason).toBe('words');
    expect(items[1]?.reasons[0]).toMatchObject({ reason: 'opened-together', with: walrus.id });
    expect(embedding).toBe('local');
  });

  it('leaves out what is not wanted, keeps to the limit, and suggests nothing to nothing', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const user = aUser();
    const created = await recall.items.import(
      user,
      Array.from({ length: 8 }, (_, index) => ({ title: `Fox number ${index}` })),
    );
    const [first] = created;
    const unwanted = first?.outcome === 'created' ? first.item.id : '';

    const { items } = await recall.suggest(user, { text: 'fox', limit: 5, exclude: [unwanted] });

    expect(items).toHaveLength(5);
    expect(items.map(({ item }) => item.id)).not.toContain(unwanted);
    expect((await recall.suggest(user, { text: '' })).items).toEqual([]);
    expect((await recall.suggest(aUser(), { text: 'fox' })).items).toEqual([]);
  });

  it.each([
    ['text', { text: 'x'.repeat(8_193) }],
    ['limit', { text: 'x', limit: 0 }],
    ['diversity', { text: 'x', diversity: 1.1 }],
    ['diversity', { text: 'x', diversity: Number.NaN }],
  ])('refuses a bad %s', async (field, request) => {
    await using fixture = await aRecall();

    await expect(fixture.recall.suggest(aUser(), request)).rejects.toMatchObject({
      code: 'ERR_INVALID_INPUT',
      field,
    });
  });
});
