import { describe, expect, it } from 'vitest';

import { SeededRandom } from '../../src/corpus/random.ts';
import { generateTrace } from '../../src/corpus/trace.ts';
import type { AccessEventDraft } from '../../src/domain/model.ts';
import { differenceInHits } from '../../src/domain/predict/bootstrap.ts';
import { evaluate } from '../../src/domain/predict/evaluation.ts';
import { candidatesOf } from '../../src/domain/predict/features.ts';
import { rank } from '../../src/domain/predict/ranking.ts';
import type { Recall } from '../../src/domain/recall.ts';
import { type UserId, userId } from '../../src/domain/user-id.ts';
import type { AccessStatistics } from '../../src/storage/contract.ts';
import { aRecall, aUser, epochMs, theCorpus } from '../support/fixtures.ts';

const statistics = (fields: Partial<AccessStatistics>): AccessStatistics => ({
  recent: [],
  items: [],
  transitions: [],
  sharedTransitions: [],
  popular: [],
  ...fields,
});

const opened = (itemId: string, fields: object = {}): AccessStatistics['items'][number] => ({
  itemId,
  count: 1,
  frequency: 1,
  lastAt: epochMs,
  slotWeight: 0,
  slotTotal: 1,
  popularity: 0,
  ...fields,
});

describe('candidatesOf', () => {
  it('scales each feature so that its strongest item has 1', () => {
    const candidates = candidatesOf(
      statistics({
        items: [
          opened('a', { frequency: 2e9, popularity: 5 }),
          opened('b', { frequency: 5e8, popularity: 20 }),
        ],
        popular: [{ itemId: 'c', popularity: 40 }],
      }),
      new Set(),
    );

    const features = Object.fromEntries(
      candidates.map((candidate) => [candidate.itemId, candidate.features]),
    );
    expect(features['a']).toMatchObject({ frequency: 1, recency: 1, popularity: 0.125, transitions: 0 });
    expect(features['b']).toMatchObject({ frequency: 0.25, recency: 0.5, popularity: 0.5 });
    expect(features['c']).toMatchObject({ frequency: 0, recency: 0, popularity: 1 });
  });

  it('counts what followed the last three accesses at 1, ½ and ¼', () => {
    const recent = ['x', 'y', 'z'].map((itemId) => ({ itemId, at: epochMs }));
    const transitions = [
      { from: 'x', to: 'a', weight: 3 },
      { from: 'x', to: 'b', weight: 1 },
      { from: 'y', to: 'b', weight: 1_000 },
      { from: 'z', to: 'c', weight: 7 },
    ];

    const candidates = candidatesOf(statistics({ recent, transitions }), new Set());

    const followed = Object.fromEntries(
      candidates.map(({ itemId, features }) => [itemId, features.transitions]),
    );
    expect(followed).toEqual({ a: 1, b: 1, c: 0.25 / 0.75 });
  });

  it('holds an item for a habit of this part of the week only after several uses', () => {
    const [once, often] = candidatesOf(
      statistics({
        items: [
          opened('once', { slotWeight: 1 }),
          opened('often', { count: 8, slotWeight: 8, slotTotal: 8 }),
        ],
      }),
      new Set(),
    );

    expect(often?.features.temporal).toBe(1);
    expect(once?.features.temporal).toBeCloseTo(1 / 3 / 0.8);
  });

  it('leaves out what is excluded', () => {
    expect(
      candidatesOf(
        statistics({ items: [opened('a')], popular: [{ itemId: 'a', popularity: 1 }] }),
        new Set(['a']),
      ),
    ).toEqual([]);
  });
});

describe('rank', () => {
  it('orders by the weighted mean, then by id, and leaves out what nothing speaks for', () => {
    const candidates = candidatesOf(
      statistics({ items: [opened('b'), opened('a'), opened('c', { frequency: 3 })] }),
      new Set(),
    );

    const ranked = rank(candidates, { frequency: 3, popularity: 1 });

    expect(ranked.map(({ itemId, score }) => [itemId, score])).toEqual([
      ['c', 0.75],
      ['a', 0.25],
      ['b', 0.25],
    ]);
    expect(rank(candidates, { popularity: 1 })).toEqual([]);
  });
});

describe('Predictor', () => {
  async function withItems(
    recall: Recall,
    titles: readonly string[],
  ): Promise<readonly [UserId, ReadonlyMap<string, string>]> {
    const user = aUser();
    const created = await recall.items.import(
      user,
      titles.map((title) => ({ title, source: title })),
    );
    const ids = created.flatMap((result) =>
      result.outcome === 'created' ? [[result.item.title, result.item.id] as const] : [],
    );
    return [user, new Map(ids)];
  }

  it('expects what followed before, says why, and not what is open now', async () => {
    await using fixture = await aRecall();
    const { recall, clock } = fixture;
    const [user, ids] = await withItems(recall, ['inbox', 'calendar', 'other']);
    const open = (title: string, minutes: number): AccessEventDraft => ({
      eventId: `${title}-${minutes}`,
      itemId: ids.get(title) ?? '',
      at: epochMs - minutes * 60_000,
    });
    await recall.events.record(user, [
      open('inbox', 60),
      open('calendar', 59),
      open('other', 20),
      open('inbox', 5),
    ]);

    const prediction = await recall.predict(user);

    expect(prediction.items.map(({ item }) => item.title)).toEqual(['calendar', 'other']);
    expect(prediction.items[0]?.reasons.map(({ feature }) => feature)).toContain('transitions');
    expect(prediction.items[0]?.reasons.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(prediction).toMatchObject({ model: 'blend', generatedAt: clock.epoch() });
    expect(prediction.baselines.frequency).toHaveLength(2);
    expect(prediction.baselines.popularity).toEqual([]);
  });

  it('starts from the item that the client says is open', async () => {
    await using fixture = await aRecall();
    const { recall } = fixture;
    const [user, ids] = await withItems(recall, ['a', 'b', 'c']);
    const events = ['a', 'b', 'a', 'c'].map((title, index) => ({
      eventId: `e${index}`,
      itemId: ids.get(title) ?? '',
      at: epochMs - 86_400_000 + index * 60_000,
    }));
    await recall.events.record(user, events);

    const { items } = await recall.predict(user, { context: ids.get('b') ?? '' });

    expect(items[0]?.item.title).toBe('a');
    expect(items.map(({ item }) => item.title)).not.toContain('b');
  });

  it('has nothing to expect of a user who did nothing, unless enough others who share did', async () => {
    await using fixture = await aRecall({ minSharedUsers: 2 });
    const { recall } = fixture;
    const [newcomer] = await withItems(recall, ['a', 'b', 'c']);
    const read = async (title: string): Promise<void> => {
      const [user, ids] = await withItems(recall, ['a', 'b', 'c']);
      await recall.storage.users.setSharing(user, true);
      await recall.events.record(user, [{ eventId: 'e', itemId: ids.get(title) ?? '' }]);
    };
    await read('b');
    expect((await recall.predict(newcomer)).items).toEqual([]);

    await read('b');
    await read('c');

    const { items } = await recall.predict(newcomer);
    expect(items.map(({ item, reasons }) => [item.title, reasons[0]?.feature])).toEqual([
      ['b', 'popularity'],
    ]);
  });

  it.each([
    ['limit', { limit: 101 }],
    ['context', { context: 'no-uuid' }],
  ])('refuses a bad %s', async (field, request) => {
    await using fixture = await aRecall();

    await expect(fixture.recall.predict(aUser(), request)).rejects.toMatchObject({
      code: 'ERR_INVALID_INPUT',
      field,
    });
  });
});

describe('evaluate', () => {
  it('finds the blend ahead of both baselines on synthetic readers of the documentation', async () => {
    const { corpus } = theCorpus();
    const trace = generateTrace(corpus, { seed: 42, users: 24, days: 10 });
    await using fixture = await aRecall();
    const { recall, clock } = fixture;
    clock.shiftEpoch(trace.accesses.at(-1)?.at ?? 0);
    const read = new Set(trace.accesses.map(({ source }) => source));
    const drafts = corpus.sections
      .filter(({ source }) => read.has(source))
      .map(({ source, title }) => ({ title, source }));
    const ids = new Map<string, string>();
    for (const name of trace.users) {
      await recall.storage.users.setSharing(userId(name), true);
      for (let index = 0; index < drafts.length; index += 200)
        for (const result of await recall.items.import(userId(name), drafts.slice(index, index + 200)))
          if (result.outcome === 'created') ids.set(`${name} ${result.item.source}`, result.item.id);
    }
    const history = trace.accesses.map(({ user, source, eventId, at, session }) => ({
      user: userId(user),
      event: { eventId, itemId: ids.get(`${user} ${source}`) ?? '', at, origin: 'open' as const, session },
    }));

    const evaluation = await evaluate(history, {
      predictor: recall.predictor,
      record: (user, event) => recall.storage.access.record(user, [event]),
    });

    const { scores, n, repeats } = evaluation;
    const random = new SeededRandom(1);
    const lead = differenceInHits(evaluation, 'blend', 'frequency', random.next);
    process.stdout.write(`${JSON.stringify({ synthetic: true, n, repeats, scores, lead })}\n`);
    expect(n).toBeGreaterThan(1_000);
    expect(scores.blend.hit5).toBeGreaterThanOrEqual(scores.popularity.hit5);
    expect(scores.blend.mrr).toBeGreaterThanOrEqual(scores.popularity.mrr);
    expect(scores.blend.hit5).toBeGreaterThan(scores.frequency.hit5);
    expect(lead.low).toBeGreaterThan(0);
    expect(lead.mean).toBeCloseTo(scores.blend.hit5 - scores.frequency.hit5, 9);
  }, 60_000);
});
