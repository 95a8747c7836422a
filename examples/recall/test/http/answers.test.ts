import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { PredictedItem } from '../../src/domain/predict/predictor.ts';
import type { SearchHit } from '../../src/domain/search/search.ts';
import type { SuggestedItem } from '../../src/domain/suggest/suggester.ts';
import { aUser } from '../support/fixtures.ts';
import { type Ask, aService, loadSections, type ServiceFixture } from '../support/service.ts';

let fixture: ServiceFixture;
/** Has a part of the documentation, and reads it. */
let reader: Ask;
let ids: ReadonlyMap<string, string>;
beforeAll(async () => {
  fixture = await aService();
  const user = aUser();
  reader = fixture.as(user);
  ids = await loadSections(fixture.service, user, 300);
});
afterAll(() => fixture[Symbol.asyncDispose]());

const aUuid = '0190aaaa-0000-7000-8000-000000000000';

const titles = (entries: readonly { readonly item: { readonly title: string } }[]): readonly string[] =>
  entries.map(({ item }) => item.title);

const open = (ask: Ask, itemId: string | undefined, eventId: string): ReturnType<Ask> =>
  ask('POST', '/v1/events', { body: { events: [{ eventId, itemId }] } });

describe('GET /v1/search', () => {
  it('finds a section of the documentation by its words, with the passage', async () => {
    const { status, headers, body } = await reader('GET', '/v1/search?q=content%20type%20parser&limit=5');

    expect(status).toBe(200);
    expect(headers.get('x-degraded')).toBeNull();
    const hits = body.hits as readonly SearchHit[];
    expect(hits).toHaveLength(5);
    expect(titles(hits).join()).toMatch(/Content-?Type-?\s?Parser/i);
    const { text, highlights } = hits[0]?.snippet ?? { text: '', highlights: [] };
    for (const [start, end] of highlights) expect(text.slice(start, end)).toMatch(/content|type|pars/i);
    expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).toSorted((a, b) => b - a));
  });

  it('corrects a word that the user does not have', async () => {
    const { body } = await reader('GET', '/v1/search?q=validatoin');

    expect(body.corrected).toBe('validation');
    expect(body.hits.length).toBeGreaterThan(0);
  });

  it('goes on after a page with its cursor', async () => {
    const first = (await reader('GET', '/v1/search?q=request&limit=3')).body;
    const both = (await reader('GET', '/v1/search?q=request&limit=6')).body;
    const second = (await reader('GET', `/v1/search?q=request&limit=3&cursor=${first.nextCursor}`)).body;

    expect([...first.hits, ...second.hits].map(({ item }) => item.id)).toEqual(
      both.hits.map(({ item }: SearchHit) => item.id),
    );
  });

  it('answers the same from the cache as without', async () => {
    const path = '/v1/search?q=hooks&limit=7';
    const first = await reader('GET', path);
    const { lookups } = fixture.service.caches.answers.statistics();

    const second = await reader('GET', path);

    expect(second.body).toEqual(first.body);
    expect(fixture.service.caches.answers.statistics().lookups.l1Hit).toBe(lookups.l1Hit + 1);
  });

  it.each(['', 'q=', 'q=x&limit=0', 'q=x&mode=psychic', 'q=x&q=y', 'q=x&cursor=bm8', `q=${'x'.repeat(513)}`])(
    'answers 400 to ?%s',
    async (query) => {
      expect((await reader('GET', `/v1/search?${query}`)).status).toBe(400);
    },
  );
});

describe('GET /v1/predictions', () => {
  it('expects what the user opened after the same thing before', async () => {
    const user = aUser();
    const ask = fixture.as(user);
    const [a, b, c] = [...(await loadSections(fixture.service, user, 10)).values()];
    const now = Date.now();
    const visits = [a, b, c, a, b, c, a].map((itemId, index) => ({
      eventId: `visit-${index}`,
      itemId,
      at: now - 60_000 + index,
      session: 's',
    }));
    await ask('POST', '/v1/events', { body: { events: visits } });

    const { status, body } = await ask('GET', '/v1/predictions?limit=2');

    expect(status).toBe(200);
    expect(body.items[0].item.id).toBe(b);
    expect(body.items).toHaveLength(2);
    expect(body.baselines.frequency).toHaveLength(2);
    const there = await ask('GET', `/v1/predictions?context=${b}&limit=2`);
    expect(there.body.items.map(({ item }: PredictedItem) => item.id).toSorted()).toEqual([a, c]);
  });

  it('knows of an event as soon as that was answered', async () => {
    const user = aUser();
    const ask = fixture.as(user);
    const [a, b] = [...(await loadSections(fixture.service, user, 10)).values()];
    expect((await ask('GET', '/v1/predictions')).body.items).toEqual([]);

    await open(ask, a, 'first');
    await open(ask, b, 'second');

    const { items } = (await ask('GET', '/v1/predictions')).body;
    expect(items.map(({ item }: PredictedItem) => item.id)).toEqual([a]);
  });

  it('has nothing for a user who has nothing', async () => {
    const { body } = await fixture.as(aUser())('GET', '/v1/predictions');

    expect(body).toMatchObject({ items: [], model: 'blend' });
  });
});

describe('POST /v1/suggestions', () => {
  it('suggests what belongs to a text, with reasons, and nothing that is excluded', async () => {
    const body = { text: 'How do I add a content type parser that reads the body as a string?', limit: 4 };

    const first = await reader('POST', '/v1/suggestions', { body });

    expect(first.status).toBe(200);
    const items = first.body.items as readonly SuggestedItem[];
    expect(items).toHaveLength(4);
    expect(titles(items).join()).toMatch(/content.?type.?parser/i);
    expect(items[0]?.reasons.length).toBeGreaterThan(0);
    const excluded = items[0]?.item.id;
    const second = await reader('POST', '/v1/suggestions', { body: { ...body, exclude: [excluded] } });
    expect(second.body.items.map(({ item }: SuggestedItem) => item.id)).not.toContain(excluded);
  });

  it.each([{}, { text: '' }, { text: 7 }, { text: 'x', limit: '5' }, { text: 'x', exclude: ['y'] }])(
    'answers 400 to %j',
    async (body) => {
      expect((await reader('POST', '/v1/suggestions', { body })).status).toBe(400);
    },
  );

  it('answers 400 to a text of more bytes than letters that are allowed', async () => {
    const { status, body } = await reader('POST', '/v1/suggestions', { body: { text: 'ß'.repeat(5_000) } });

    expect(status).toBe(400);
    expect(body.detail).toBe('text must be text of at most 8192 bytes');
  });
});

describe('POST /v1/events', () => {
  it('counts what is new, what is known and what is about nothing', async () => {
    const [itemId] = ids.values();
    const events = [
      { eventId: 'one', itemId },
      { eventId: 'one', itemId },
      { eventId: 'two', itemId: aUuid },
    ];

    const first = await reader('POST', '/v1/events', { body: { events } });
    const again = await reader('POST', '/v1/events', { body: { events } });

    expect(first).toMatchObject({ status: 202, body: { accepted: 1, duplicates: 1, unknown: 1 } });
    expect(again.body).toEqual({ accepted: 0, duplicates: 2, unknown: 1 });
  });

  it.each([
    ['no events', { events: [] }],
    ['too many', { events: Array.from({ length: 101 }, () => ({ eventId: 'e', itemId: 'i' })) }],
    ['an instant in words', { events: [{ eventId: 'e', itemId: 'x', at: 'now' }] }],
    ['an origin that does not exist', { events: [{ eventId: 'e', itemId: aUuid, origin: 'dream' }] }],
    ['an event far ahead', { events: [{ eventId: 'e', itemId: aUuid, at: 9e15 }] }],
  ])('answers 400 to %s', async (_, body) => {
    expect((await reader('POST', '/v1/events', { body })).status).toBe(400);
  });
});
