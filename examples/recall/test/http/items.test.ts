import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ItemSummary } from '../../src/domain/model.ts';
import { aUser } from '../support/fixtures.ts';
import { type Ask, aService, type ServiceFixture } from '../support/service.ts';

let fixture: ServiceFixture;
beforeAll(async () => {
  fixture = await aService();
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** A user who has nothing yet. */
const somebody = (): Ask => fixture.as(aUser());

const problem = (status: number, type: string): object => ({
  status,
  body: { status, type, title: expect.any(String), requestId: expect.any(String) },
});

const missing = '0190aaaa-0000-7000-8000-000000000000';

describe('POST /v1/items', () => {
  it('creates an item and says where it is and which version', async () => {
    const ask = somebody();

    const created = await ask('POST', '/v1/items', { body: { title: 'Walrus', tags: ['Sea'] } });

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ title: 'Walrus', kind: 'note', tags: ['sea'], version: 1 });
    expect(created.headers.get('location')).toBe(`/v1/items/${created.body.id}`);
    expect(created.headers.get('etag')).toBe('"v1"');
    expect((await ask('GET', `/v1/items/${created.body.id}`)).body).toEqual(created.body);
  });

  it('answers 409 to a second item from one source', async () => {
    const ask = somebody();
    await ask('POST', '/v1/items', { body: { title: 'One', source: 'page' } });

    const second = await ask('POST', '/v1/items', { body: { title: 'Two', source: 'page' } });

    expect(second).toMatchObject(problem(409, '/problems/duplicate-source'));
  });

  it.each([
    ['no title', {}, '#/body'],
    ['an empty title', { title: '' }, '#/body/title'],
    ['a number for a title', { title: 7 }, '#/body/title'],
    ['null for a body', { title: 'x', body: null }, '#/body/body'],
    ['a string for tags', { title: 'x', tags: 'sea' }, '#/body/tags'],
    ['a field that does not exist', { title: 'x', colour: 'red' }, '#/body'],
    ['a list', [], '#/body'],
  ])('answers 400 to %s and says where', async (_, body, pointer) => {
    const refused = await somebody()('POST', '/v1/items', { body });

    expect(refused).toMatchObject(problem(400, '/problems/invalid-request'));
    expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    expect(refused.body.errors[0].pointer).toBe(pointer);
  });

  it('answers 413 to a body that no item can need', async () => {
    const refused = await somebody()('POST', '/v1/items', {
      body: { title: 'x', body: 'x'.repeat(2_000_000) },
    });

    expect(refused).toMatchObject(problem(413, 'about:blank'));
    expect(refused.body.title).toBe('Payload Too Large');
  });
});

describe('GET /v1/items/:id', () => {
  it('answers 304 to whoever has the version, and the item to whoever has not', async () => {
    const ask = somebody();
    const { id } = (await ask('POST', '/v1/items', { body: { title: 'Walrus' } })).body;
    const read = (tags: string): Promise<{ readonly status: number; readonly headers: Headers }> =>
      ask('GET', `/v1/items/${id}`, { headers: { 'if-none-match': tags } });

    expect((await read('"v1"')).status).toBe(304);
    expect((await read('"v0", W/"v1"')).status).toBe(304);
    expect((await read('*')).status).toBe(304);
    expect((await read('"v2"')).status).toBe(200);
    expect((await read('"v1"')).headers.get('etag')).toBe('"v1"');
  });

  it('answers 404 for an item that is not there, and 400 for what is no id', async () => {
    const ask = somebody();

    expect(await ask('GET', `/v1/items/${missing}`)).toMatchObject(problem(404, '/problems/not-found'));
    expect(await ask('GET', '/v1/items/walrus')).toMatchObject(problem(400, '/problems/invalid-request'));
  });
});

describe('PATCH /v1/items/:id', () => {
  it('changes the version that the writer saw, and no other', async () => {
    const ask = somebody();
    const { id } = (await ask('POST', '/v1/items', { body: { title: 'Walrus' } })).body;
    const patch = (tag: string): ReturnType<Ask> =>
      ask('PATCH', `/v1/items/${id}`, { body: { title: 'Seal' }, headers: { 'if-match': tag } });

    const changed = await patch('"v1"');

    expect(changed).toMatchObject({ status: 200, body: { title: 'Seal', version: 2 } });
    expect(changed.headers.get('etag')).toBe('"v2"');
    expect(await patch('"v1"')).toMatchObject(problem(412, '/problems/version-conflict'));
    expect((await ask('GET', `/v1/items/${id}`)).body.version).toBe(2);
  });

  it('answers 428 to a blind change, 400 to a tag that is none, and 404 for what is not there', async () => {
    const ask = somebody();
    const { id } = (await ask('POST', '/v1/items', { body: { title: 'Walrus' } })).body;
    const body = { title: 'Seal' };

    expect(await ask('PATCH', `/v1/items/${id}`, { body })).toMatchObject(problem(428, 'about:blank'));
    for (const tag of ['v1', '*', 'W/"v1"', '"v1", "v2"'])
      expect(await ask('PATCH', `/v1/items/${id}`, { body, headers: { 'if-match': tag } })).toMatchObject(
        problem(400, 'about:blank'),
      );
    expect(
      await ask('PATCH', `/v1/items/${missing}`, { body, headers: { 'if-match': '"v1"' } }),
    ).toMatchObject(problem(404, '/problems/not-found'));
  });
});

describe('DELETE /v1/items/:id', () => {
  it('deletes at any version, or at the one that is named', async () => {
    const ask = somebody();
    const create = async (): Promise<string> =>
      (await ask('POST', '/v1/items', { body: { title: 'Walrus' } })).body.id as string;
    const [first, second] = [await create(), await create()];

    expect(await ask('DELETE', `/v1/items/${first}`)).toMatchObject({ status: 204, body: '' });
    expect(await ask('DELETE', `/v1/items/${first}`)).toMatchObject(problem(404, '/problems/not-found'));
    const late = await ask('DELETE', `/v1/items/${second}`, { headers: { 'if-match': '"v2"' } });
    expect(late).toMatchObject(problem(412, '/problems/version-conflict'));
    const seen = await ask('DELETE', `/v1/items/${second}`, { headers: { 'if-match': '"v1"' } });
    expect(seen.status).toBe(204);
    expect((await ask('GET', '/v1/items')).body).toEqual({ items: [] });
  });
});

describe('POST /v1/items:batch', () => {
  it('tells of each draft what became of it', async () => {
    const ask = somebody();
    const { id } = (await ask('POST', '/v1/items', { body: { title: 'One', source: 'page' } })).body;

    const batch = await ask('POST', '/v1/items:batch', {
      body: { items: [{ title: 'Again', source: 'page' }, { title: 'Two' }] },
    });

    expect(batch.status).toBe(207);
    expect(batch.body.items).toEqual([
      { outcome: 'duplicate', itemId: id },
      { outcome: 'created', item: expect.objectContaining({ title: 'Two', version: 1 }) },
    ]);
  });

  it('creates nothing if one draft is wrong, or if there are too many', async () => {
    const ask = somebody();
    const tooMany = Array.from({ length: 201 }, () => ({ title: 'x' }));

    for (const items of [[{ title: 'fine' }, { title: ' ' }], [], tooMany])
      expect(await ask('POST', '/v1/items:batch', { body: { items } })).toMatchObject(
        problem(400, '/problems/invalid-request'),
      );

    expect((await ask('GET', '/v1/items')).body).toEqual({ items: [] });
  });

  it('takes the largest batch that there can be', async () => {
    const items = Array.from({ length: 200 }, (_, index) => ({
      title: `${index}`,
      body: 'x'.repeat(65_536),
    }));

    const batch = await somebody()('POST', '/v1/items:batch', { body: { items } });

    expect(batch.status).toBe(207);
  });
});

describe('GET /v1/items', () => {
  it('lists the newest first, page by page, each item once', async () => {
    const ask = somebody();
    const items = Array.from({ length: 25 }, (_, index) => ({
      title: `Item ${index}`,
      kind: index % 2 === 0 ? 'even' : 'odd',
    }));
    await ask('POST', '/v1/items:batch', { body: { items } });

    const titles: string[] = [];
    let cursor = '';
    do {
      const { body } = await ask('GET', `/v1/items?limit=10${cursor}`);
      titles.push(...body.items.map(({ title }: ItemSummary) => title));
      cursor = body.nextCursor === undefined ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');

    expect(titles).toEqual(items.map(({ title }) => title).toReversed());
    const odd = await ask('GET', '/v1/items?kind=odd&limit=100');
    expect(odd.body.items).toHaveLength(12);
    expect(odd.body.items[0]).not.toHaveProperty('body');
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=1e1',
    'limit=',
    'limit=ten',
    'cursor=no',
    'colour=red',
    'kind=a&kind=b',
  ])('answers 400 to ?%s', async (query) => {
    expect(await somebody()('GET', `/v1/items?${query}`)).toMatchObject(
      problem(400, '/problems/invalid-request'),
    );
  });
});
