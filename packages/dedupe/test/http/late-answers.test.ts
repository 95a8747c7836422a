import type { ServerResponse } from 'node:http';
import type { AnswerStore } from '@holdfast/dedupe/http';
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
