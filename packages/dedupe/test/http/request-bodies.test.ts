import type { RequestDedupe } from '@holdfast/dedupe/http';
import { describe, expect, it } from 'vitest';

import { expressSite, fastifySite, type Site, type Visit } from './site.ts';

const keyed = { 'x-user': 'ann', 'idempotency-key': 'k' };
const plain = { 'content-type': 'text/plain' };

const idempotency = (site: Site): ReturnType<RequestDedupe<never>['statistics']>['idempotency'] =>
  site.requests.statistics().idempotency;

describe.each([
  ['express', expressSite],
  ['fastify', fastifySite],
])('a request to %s with an idempotency key', (_server, open) => {
  it.each<[string, Record<string, string>]>([
    ['no body', {}],
    ['an empty one', { 'content-length': '0' }],
  ])('is known by having %s', async (_what, headers) => {
    const site = await open(() => ({ body: 'done' }));
    const ask = (method: string) => site.ask('/orders', { method, headers: { ...keyed, ...headers } });

    expect([await ask('POST'), await ask('POST')]).toMatchObject([{ body: 'done' }, { body: 'done' }]);

    expect(idempotency(site)).toMatchObject({ executed: 1, replayed: 1 });
  });
});

describe('a request to express whose body no parser reads', () => {
  it.each<[string, Record<string, string>]>([
    ['says how long it is', { ...plain, 'content-length': '4' }],
    ['comes in chunks', { ...plain, 'transfer-encoding': 'chunked' }],
  ])('does not run with an idempotency key when it %s', async (_what, headers) => {
    const visits: Visit[] = [];
    const site = await expressSite((visit) => {
      visits.push(visit);
      return {};
    });

    const { status, body } = await site.ask('/orders', {
      method: 'POST',
      headers: { ...keyed, ...headers },
      body: 'text',
    });

    expect(status).toBe(500);
    expect(body).toContain('the body must be parsed before requests are deduplicated');
    expect(visits).toEqual([]);
  });

  it('is told apart by what the options take for its body', async () => {
    const fingerprint = ({ headers }: Pick<Visit, 'headers'>): string => String(headers['x-digest']);
    const site = await expressSite(() => ({}), { idempotency: { fingerprint } });
    const ask = (digest: string) =>
      site.ask('/orders', { method: 'POST', headers: { ...keyed, ...plain, 'x-digest': digest }, body: '1' });

    expect([(await ask('a')).status, (await ask('a')).status, (await ask('b')).status]).toEqual([
      200, 200, 422,
    ]);
  });
});
