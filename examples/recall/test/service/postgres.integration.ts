import { describeWithPostgres, OwnTime, until } from '@holdfast/test-support';
import { expect, it } from 'vitest';

import type { PredictedItem } from '../../src/domain/predict/predictor.ts';
import type { SearchHit } from '../../src/domain/search/search.ts';
import { draftOf } from '../../src/corpus/corpus.ts';
import { theCorpus } from '../support/fixtures.ts';
import { aWorkload, load, sleep } from '../support/load.ts';
import { type Answer, type Ask, aService, type ServiceFixture } from '../support/service.ts';

const away = 'postgres cannot be used; items can be neither read nor written until it can';
const unavailable = {
  status: 503,
  body: { type: '/problems/dependency-unavailable', status: 503, requestId: expect.any(String) },
};

const healthOf = async ({ service }: ServiceFixture, path = '/health'): Promise<number> =>
  (await fetch(service.url + path)).status;

/** What a user sees of the service, without what differs from one user to the next: ids, instants and scores. */
async function journey(ask: Ask): Promise<readonly unknown[]> {
  const drafts = theCorpus().corpus.sections.slice(0, 40).map(draftOf);
  const batch = await ask('POST', '/v1/items:batch', { body: { items: drafts } });
  const ids = batch.body.items.map(({ item }: { item: { id: string } }) => item.id) as readonly string[];
  const again = await ask('POST', '/v1/items', { body: drafts[3] });
  const changed = await ask('PATCH', `/v1/items/${ids[0]}`, {
    body: { title: 'A quokka and its title', tags: ['Ünïcode', 'b'] },
    headers: { 'if-match': '"v1"' },
  });
  const stale = await ask('PATCH', `/v1/items/${ids[0]}`, {
    body: { title: 'x' },
    headers: { 'if-match': '"v1"' },
  });
  const deleted = await ask('DELETE', `/v1/items/${ids[1]}`);
  const gone = await ask('GET', `/v1/items/${ids[1]}`);
  const read = await ask('GET', `/v1/items/${ids[0]}`);
  const page = await ask('GET', '/v1/items?limit=5&kind=guide');
  const found = await ask('GET', '/v1/search?q=quokka');
  const corrected = await ask('GET', '/v1/search?q=quokkaa');
  const events = [2, 3, 4, 2, 3, 4, 2].map((nth, index) => ({
    eventId: `e${index}`,
    itemId: ids[nth],
    at: Date.now() - 60_000 + index,
    session: 's',
  }));
  const recorded = await ask('POST', '/v1/events', { body: { events } });
  const repeated = await ask('POST', '/v1/events', { body: { events } });
  const predicted = await ask('GET', '/v1/predictions?limit=3');
  const title = (entry: SearchHit | PredictedItem): string => entry.item.title;
  const status = (answer: Answer): readonly unknown[] => [answer.status, answer.body.type];
  return [
    [batch.status, ids.length],
    ...[again, stale, gone].map(status),
    deleted.status,
    [changed.status, changed.headers.get('etag'), changed.body.title, changed.body.tags],
    [read.body.version, read.body.body, read.body.links, read.body.source],
    page.body.items.map((item: { title: string }) => item.title),
    found.body.hits.map(title),
    [corrected.body.corrected, corrected.body.hits.map(title)],
    [recorded.body, repeated.body],
    predicted.body.items.map(title),
  ];
}

describeWithPostgres(
  'the service with Postgres',
  (postgres) => {
    const withPostgres = (): Promise<ServiceFixture> =>
      aService({ environment: { DATABASE_URL: postgres.url } });

    it('gives the same answers as with SQLite', async () => {
      await using server = await withPostgres();
      await using embedded = await aService();

      const [there, here] = await Promise.all([journey(server.as('ada')), journey(embedded.as('ada'))]);

      expect(server.service.recall.storage.name).toBe('postgres');
      expect(there).toEqual(here);
    });

    it('starts without Postgres, says so, and is complete when it comes', async () => {
      await postgres.stop();
      await using fixture = await withPostgres();
      const ask = fixture.as('grace');

      for (const answer of [
        await ask('GET', '/v1/items'),
        await ask('POST', '/v1/items', { body: { title: 'walrus' } }),
        await ask('GET', '/v1/search?q=walrus'),
        await ask('GET', '/v1/predictions'),
      ]) {
        expect(answer).toMatchObject(unavailable);
        expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      }
      expect((await ask('POST', '/v1/items', { body: {} })).status).toBe(400);
      await until('health has noticed', async () => (await healthOf(fixture)) === 503);
      expect(await healthOf(fixture, '/health/live')).toBe(200);
      expect(await healthOf(fixture, '/health/ready')).toBe(200);

      await postgres.start();
      await until('it can be used', async () => (await ask('GET', '/v1/items')).status === 200);
      await until('health has noticed', async () => (await healthOf(fixture)) === 200);
      expect((await ask('POST', '/v1/items', { body: { title: 'walrus' } })).status).toBe(201);
      expect(fixture.told(30).filter((message) => message.startsWith('postgres'))).toEqual([
        away,
        'postgres can be used now',
      ]);
      expect(fixture.told(50)).toEqual([]);
    });

    it('refuses quickly while Postgres is gone in mid-load, and recovers', async () => {
      await using fixture = await withPostgres();
      const workload = await aWorkload(fixture);

      const loading = load(fixture, workload, { durationMs: 4_000, spread: 'wide', ratePerSecond: 50 });
      await sleep(1_000);
      await postgres.kill();
      await sleep(1_500);
      using time = new OwnTime();
      expect(await fixture.as('reader-1')('GET', '/v1/items')).toMatchObject(unavailable);
      expect(time.ms).toBeLessThan(100);
      await postgres.start();
      const measured = await loading;

      expect(measured.failed).toBe(0);
      expect(measured.shed).toBeGreaterThan(50);
      expect(measured.answered + measured.shed).toBe(measured.requests);
      expect(measured.p99Ms).toBeLessThan(2_500);
      await until(
        'it can be used again',
        async () => (await fixture.as('ada')('GET', '/v1/items')).status === 200,
      );
      expect(fixture.told(50)).toEqual([]);
    });

    it('lets nobody wait for a Postgres that hangs, and recovers', async () => {
      await using fixture = await withPostgres();
      const workload = await aWorkload(fixture);

      const loading = load(fixture, workload, { durationMs: 4_000, spread: 'wide', ratePerSecond: 50 });
      await sleep(500);
      await postgres.pause();
      await sleep(3_000);
      const startedAt = performance.now();
      const answer = await fixture.as('reader-1')('GET', '/v1/items');
      const tookMs = performance.now() - startedAt;
      await postgres.resume();
      const measured = await loading;

      expect([503, 504]).toContain(answer.status);
      expect(tookMs).toBeLessThan(2_300);
      expect(measured.failed).toBe(0);
      expect(measured.p99Ms).toBeLessThan(4_500);
      await until(
        'it can be used again',
        async () => (await fixture.as('ada')('GET', '/v1/items')).status === 200,
      );
      expect(fixture.told(50)).toEqual([]);
    });
  },
  { controllable: true },
);
