import type { ServerResponse } from 'node:http';
import type { AnswerStore } from '@holdfast/dedupe/http';
import { ManualClock } from '@holdfast/core/testing';
import { until } from '@holdfast/test-support';
import { describe, expect, it } from 'vitest';

import { expressSite, fastifySite, type Page } from './site.ts';

const ann = { 'x-user': 'ann' };

describe.each([
  ['express', expressSite],
  ['fastify', fastifySite],
])('a request to %s that waits', (_server, open) => {
  it('may be answered by somebody else meanwhile', async () => {
    const orders: ((page: Page) => void)[] = [];
    const waiting: ServerResponse[] = [];
    const site = await open(
      () => new Promise((resolve) => orders.push(resolve)),
      {},
      (_headers, response) => waiting.push(response),
    );
    const first = site.ask('/page', { headers: ann });
    await until('the first is handled', () => orders.length === 1);
    const other = site.ask('/page', { headers: ann });
    await until('the other waits', () => site.requests.statistics().calls.follower === 1);

    waiting[1]?.writeHead(503).end('took too long');
    expect(await other).toMatchObject({ status: 503, body: 'took too long' });
    orders[0]?.({ body: 'page' });

    expect(await first).toMatchObject({ status: 200, body: 'page' });
  });

  it('hands over a handler that it takes over when it has been answered already', async () => {
    const clock = new ManualClock();
    const orders: ((page: Page) => void)[] = [];
    const waiting: ServerResponse[] = [];
    const site = await open(
      () => new Promise((resolve) => orders.push(resolve)),
      { clock },
      (_headers, response) => waiting.push(response),
    );
    const followers = (count: number): Promise<void> =>
      until(`${count} have waited`, () => site.requests.statistics().calls.follower === count);
    const client = new AbortController();
    const left = site.ask('/page', { headers: ann, signal: client.signal }).catch(() => 'left');
    await until('the first is handled', () => orders.length === 1);
    const answered = site.ask('/page', { headers: ann });
    await followers(1);
    waiting[1]?.writeHead(503).end('took too long');
    await answered;
    const other = site.ask('/page', { headers: ann });
    await followers(2);

    client.abort();
    await left;
    await until('it has left', () => clock.pending() === 1);
    for (const handlers of [2, 3]) {
      await clock.advance(1_000);
      await until('the next one is handled', () => orders.length >= handlers);
    }
    orders[2]?.({ body: 'page' });

    expect(await other).toMatchObject({ status: 200, body: 'page' });
  });
});

describe.each([
  ['express', expressSite],
  ['fastify', fastifySite],
])('a request to %s whose handler says that it did nothing', (_server, open) => {
  it.each([425, 429, 503])('may come again, also if it says so at length, by a %i', async (status) => {
    const body = 'x'.repeat(50);
    const site = await open(() => ({ status, body }), { maxBodyBytes: 10 });
    const order = { method: 'POST', headers: { ...ann, 'idempotency-key': 'k' } };

    expect([await site.ask('/orders', order), await site.ask('/orders', order)]).toMatchObject([
      { status, body },
      { status, body },
    ]);
  });
});

describe('a request to express with an idempotency key', () => {
  it('is an error where the store gives an answer that cannot be sent', async () => {
    const store: AnswerStore = {
      claim: async ({ fingerprint }) => ({
        kind: 'answered',
        fingerprint,
        answer: { status: 200, headers: [['x-lines', 'one\ntwo']], body: Buffer.alloc(0) },
      }),
      complete: () => undefined,
      release: () => undefined,
    };
    const site = await expressSite(() => ({}), { idempotency: { store } });

    const { status } = await site.ask('/orders', {
      method: 'POST',
      headers: { ...ann, 'idempotency-key': 'k' },
    });

    expect(status).toBe(500);
  });
});
