import { describe, expect, it } from 'vitest';

import { expressSite, fastifySite } from './site.ts';

describe.each([
  ['express', expressSite],
  ['fastify', fastifySite],
])('an answer of %s that is given again', (_server, open) => {
  const order = { method: 'POST', headers: { 'x-user': 'ann', 'idempotency-key': 'k' } };

  it.each([
    ['connection', 'close, x-hop'],
    ['date', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['keep-alive', 'timeout=99'],
    ['proxy-authenticate', 'Basic'],
    ['te', 'trailers'],
    ['upgrade', 'h2c'],
  ])('has no %s of the connection or the moment for which it was made', async (name, value) => {
    const site = await open(() => ({ headers: { [name]: value, 'x-dish': 'soup' } }));

    const [first, again] = [await site.ask('/orders', order), await site.ask('/orders', order)];

    expect(first.headers).toMatchObject({ [name]: value, 'x-dish': 'soup' });
    expect(again.headers).toMatchObject({ 'x-dish': 'soup', 'idempotency-replayed': 'true' });
    expect(again.headers[name]).not.toBe(value);
  });

  it('has the numbers that the handler has set, as texts', async () => {
    const site = await open((_visit, response) => {
      response.setHeader('x-count', 7);
      return {};
    });

    const [first, again] = [await site.ask('/orders', order), await site.ask('/orders', order)];

    expect([first.headers['x-count'], again.headers['x-count']]).toEqual(['7', '7']);
  });
});
