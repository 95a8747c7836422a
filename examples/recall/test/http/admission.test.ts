import { until } from '@holdfast/test-support';
import { describe, expect, it } from 'vitest';

import type { Config } from '../../src/service/config.ts';
import { startUpstream, type Upstream } from '../../src/embedding/upstream-server.ts';
import { theCorpus } from '../support/fixtures.ts';
import { aService, type ServiceFixture } from '../support/service.ts';

const limits: Config['limits'] = { windowMs: 60_000, user: 3, expensive: 1, global: 5 };

describe('admission', () => {
  it('tells a user what is left, and answers 429 to who has nothing left, with when to come back', async () => {
    await using fixture = await aService({ config: { limits } });
    const ask = fixture.as('ada');

    const first = await ask('GET', '/v1/items');
    await ask('GET', '/v1/items');
    await ask('GET', '/v1/items');
    const refused = await ask('GET', '/v1/items');

    expect(first.headers.get('ratelimit-policy')).toBe('"user";q=3;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"user";r=2;t=\d+$/);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(59);
    expect(refused.body).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Quota exceeded',
      status: 429,
      'violated-policies': ['user'],
      requestId: expect.any(String),
    });
    expect((await fixture.as('bob')('GET', '/v1/items')).status).toBe(200);
  });

  it('counts expensive calls apart, also those that are wrong in themselves', async () => {
    await using fixture = await aService({ config: { limits } });
    const ask = fixture.as('ada');

    expect((await ask('POST', '/v1/suggestions', { body: {} })).status).toBe(400);
    const refused = await ask('POST', '/v1/suggestions', { body: { text: 'walrus' } });

    expect(refused.status).toBe(429);
    expect(refused.body['violated-policies']).toEqual(['expensive']);
    expect((await ask('GET', '/v1/items')).status).toBe(200);
  });

  it('answers 503 when all users together ask too much, which is the fault of none', async () => {
    await using fixture = await aService({ config: { limits } });
    for (const user of ['a', 'b', 'c', 'd', 'e']) await fixture.as(user)('GET', '/v1/items');

    const refused = await fixture.as('f')('GET', '/v1/items');

    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(refused.body.type).toMatch(/#temporary-reduced-capacity$/);
  });

  it('asks nobody who runs the service for a name or a limit', async () => {
    await using fixture = await aService({ config: { limits } });

    for (let call = 0; call < 10; call += 1)
      expect((await fetch(`${fixture.service.url}/health/live`)).status).toBe(200);
  });

  it.each([
    ['none', undefined],
    ['an empty name', ''],
  ])('answers 401 to %s', async (_, user) => {
    await using fixture = await aService();

    const response = await fetch(`${fixture.service.url}/v1/items`, {
      headers: user === undefined ? {} : { 'x-user-id': user },
    });

    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ status: 401, title: 'Unauthorized' });
  });

  it('answers 400 to a name that is none', async () => {
    await using fixture = await aService();

    for (const user of ['ada, bob', 'a'.repeat(129), '../ada'])
      expect((await fixture.as(user)('GET', '/v1/items')).status).toBe(400);
  });
});

/** A service whose embeddings come from an upstream that never answers, with some items that have remote vectors. */
async function aHangingService(): Promise<{ fixture: ServiceFixture; upstream: Upstream } & AsyncDisposable> {
  const upstream = await startUpstream({ embedder: theCorpus().embedder, serviceTimeMs: 0 });
  const fixture = await aService({ environment: { EMBEDDING_URL: upstream.url } });
  await fixture.as('ada')('POST', '/v1/items', { body: { title: 'Walrus' } });
  await until('the vectors are there', async () => {
    const { body } = await fixture.as('ada')('GET', '/v1/search?q=walrus');
    return body.embedding === 'remote';
  });
  await fetch(`${upstream.url}/dial`, { method: 'POST', body: JSON.stringify({ position: 'hanging' }) });
  return {
    fixture,
    upstream,
    [Symbol.asyncDispose]: async () => {
      await fixture[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

describe('a deadline', () => {
  it('answers 504 to who will not wait any longer', async () => {
    await using hanging = await aHangingService();
    const ask = hanging.fixture.as('ada');
    const startedAt = performance.now();

    const late = await ask('GET', '/v1/search?q=walruses', { headers: { 'x-deadline-ms': '100' } });

    expect(late).toMatchObject({ status: 504, body: { type: '/problems/deadline-exceeded', status: 504 } });
    expect(performance.now() - startedAt).toBeLessThan(400);
    expect((await ask('GET', '/v1/items', { headers: { 'x-deadline-ms': '0' } })).status).toBe(504);
    expect((await ask('GET', '/v1/items', { headers: { 'x-deadline-ms': '999999999' } })).status).toBe(200);
  });

  it.each(['soon', '-1', '1.5', '1e3', ''])('answers 400 to x-deadline-ms: %j', async (deadline) => {
    await using fixture = await aService();

    const refused = await fixture.as('ada')('GET', '/v1/items', { headers: { 'x-deadline-ms': deadline } });

    expect(refused.status).toBe(400);
  });
});

describe('a client that leaves', () => {
  it('is worked for no longer, and counted as gone', async () => {
    await using hanging = await aHangingService();
    const { fixture, upstream } = hanging;
    const controller = new AbortController();
    const asked = upstream.requests;

    const gone = fixture.as('ada')('GET', '/v1/search?q=walrusses', { signal: controller.signal });
    await until('the upstream was asked', () => upstream.requests > asked);
    controller.abort();

    await expect(gone).rejects.toThrow(/abort/i);
    await until(
      'it is counted',
      async () => {
        const metrics = await (await fetch(`${fixture.service.url}/metrics`)).text();
        return /^http_server_requests_total\{.*http_route="\/v1\/search".*outcome="aborted".*\} 1$/m.test(
          metrics,
        );
      },
      2_000,
    );
    expect(fixture.told(40)).toEqual([]);
    const { breaker } = fixture.service.policies.embedding;
    expect(breaker.statistics()).toMatchObject({ state: 'closed' });
  });
});
