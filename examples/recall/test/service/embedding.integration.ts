import { until } from '@holdfast/test-support';
import { describe, expect, it } from 'vitest';

import type { DialPosition } from '../../src/embedding/dial.ts';
import { startUpstream, type Upstream } from '../../src/embedding/upstream-server.ts';
import { theCorpus } from '../support/fixtures.ts';
import { aWorkload, load, sleep } from '../support/load.ts';
import { aService, type ServiceFixture } from '../support/service.ts';

interface Embedded extends AsyncDisposable {
  readonly fixture: ServiceFixture;
  readonly upstream: Upstream;
  turn(position: DialPosition): Promise<void>;
}

/** The service with a remote model that has made all vectors of what the readers have. */
async function withModel(): Promise<Embedded & { workload: Awaited<ReturnType<typeof aWorkload>> }> {
  const upstream = await startUpstream({ embedder: theCorpus().embedder, serviceTimeMs: 5 });
  const fixture = await aService({ environment: { EMBEDDING_URL: upstream.url } });
  const workload = await aWorkload(fixture);
  const hasVectors = (user: string): Promise<void> =>
    until(`${user} has all vectors`, async () => {
      const { body } = await fixture.as(user)('GET', '/v1/search?q=request');
      await sleep(50);
      return body.embedding === 'remote';
    });
  await Promise.all(['reader-1', 'reader-2', 'reader-3'].map(hasVectors));
  return {
    fixture,
    upstream,
    workload,
    turn: async (position) => {
      await fetch(`${upstream.url}/dial`, { method: 'POST', body: JSON.stringify({ position }) });
    },
    [Symbol.asyncDispose]: async () => {
      await fixture[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

const breakerState = ({ service }: ServiceFixture): string => service.policies.embedding.breaker.state;

describe('the service with a remote model', () => {
  it('has vectors made of what a user writes, though nobody waits for them', async () => {
    await using embedded = await withModel();
    const ask = embedded.fixture.as('ada');

    const created = await ask('POST', '/v1/items', { body: { title: 'Walrus', body: 'It has tusks.' } });

    expect(created.status).toBe(201);
    await until('search ranks by meaning', async () => {
      const { body } = await ask('GET', '/v1/search?q=walrus');
      await sleep(20);
      return body.embedding === 'remote' && body.degraded.length === 0;
    });
  });

  it('answers by words while the model fails, opens the circuit, and recovers', async () => {
    await using embedded = await withModel();
    const { fixture, upstream, workload } = embedded;

    await embedded.turn('failing');
    const measured = await load(fixture, workload, { durationMs: 2_000, spread: 'wide' });

    expect(measured).toMatchObject({ answered: measured.requests, failed: 0, shed: 0 });
    expect(measured.degraded).toBeGreaterThan(20);
    expect(breakerState(fixture)).not.toBe('closed');
    const asked = upstream.requests;
    const answer = await fixture.as('reader-1')('GET', '/v1/search?q=walrus%20reply');
    expect(answer).toMatchObject({ status: 200, body: { embedding: 'local', degraded: ['embedding'] } });
    expect(answer.headers.get('x-degraded')).toBe('embedding');
    expect(upstream.requests - asked).toBeLessThanOrEqual(1);

    await embedded.turn('healthy');
    let words = 0;
    await until('it ranks by meaning again', async () => {
      const { body } = await fixture.as('reader-1')('GET', `/v1/search?q=request%20${(words += 1)}`);
      await sleep(50);
      return body.embedding === 'remote';
    });
    expect(fixture.told(50)).toEqual([]);
  });

  it('answers within a bounded time while the model hangs', async () => {
    await using embedded = await withModel();
    const { fixture, workload } = embedded;

    await embedded.turn('hanging');
    const measured = await load(fixture, workload, { durationMs: 2_000, spread: 'wide' });

    expect(measured).toMatchObject({ answered: measured.requests, failed: 0, shed: 0 });
    // 500 ms for the model and what all the rest takes.
    expect(measured.p99Ms).toBeLessThan(900);
    expect(breakerState(fixture)).not.toBe('closed');
  });

  it('gives an older whole answer rather than a lesser one', async () => {
    await using upstream = await startUpstream({ embedder: theCorpus().embedder, serviceTimeMs: 0 });
    await using fixture = await aService({
      environment: { EMBEDDING_URL: upstream.url },
      config: { answerTtlMs: 200, memoryTtlMs: 200 },
    });
    const ask = fixture.as('ada');
    await ask('POST', '/v1/items', { body: { title: 'Walrus' } });
    await until('search ranks by meaning', async () => {
      await sleep(20);
      return (await ask('GET', '/v1/search?q=walrus')).body.embedding === 'remote';
    });
    await sleep(250);
    await fetch(`${upstream.url}/dial`, { method: 'POST', body: JSON.stringify({ position: 'failing' }) });

    const older = await ask('GET', '/v1/search?q=walrus');
    const other = await ask('GET', '/v1/search?q=walrus%20tusk');

    expect(older.body).toMatchObject({ embedding: 'remote', degraded: [] });
    expect(other.body).toMatchObject({ embedding: 'local', degraded: ['embedding'] });
  });
});
