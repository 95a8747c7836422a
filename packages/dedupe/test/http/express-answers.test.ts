import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { until } from '@holdfast/test-support';
import { describe, expect, it } from 'vitest';

import { expressSite, type Question, type Reply, type Site, type SiteOptions } from './site.ts';

const ann = { 'x-user': 'ann' };
const order = { method: 'POST', headers: { ...ann, 'idempotency-key': 'k' } };

/** A site whose handlers have the response itself. */
async function start(options?: SiteOptions) {
  const responses: ServerResponse[] = [];
  const site = await expressSite((_visit, response) => {
    responses.push(response);
    return new Promise(() => undefined);
  }, options);
  const response = async (visit: number): Promise<ServerResponse> => {
    await until(`visit ${visit} has come`, () => responses.length > visit);
    return responses[visit]!;
  };
  return { responses, response, site };
}

/** Two that ask for the same at the same time, once both have come. */
async function pair(site: Site, question: Question = { headers: ann }): Promise<readonly Promise<Reply>[]> {
  const before = site.requests.statistics().calls.follower;
  const asking = [1, 2].map(() => site.ask('/page', question));
  await until('one waits', () => site.requests.statistics().calls.follower > before);
  return asking;
}

describe('a handler of express, whose answer is shared, may', () => {
  it.each<[string, (response: ServerResponse) => void, string]>([
    ['end without a body', (response) => void response.end(), ''],
    ['end with a callback alone', (response) => void response.end(() => undefined), ''],
    ['write in another encoding', (response) => void response.end('Y2Fmw6k=', 'base64'), 'café'],
    ['end with a text and a callback', (response) => void response.end('café', () => undefined), 'café'],
    [
      'write in parts when it has said how many bytes there are',
      (response) => {
        response.setHeader('content-length', '8');
        response.write(Buffer.from('one'));
        response.write('-', () => undefined);
        response.write('6-21', 'utf8');
        response.end();
      },
      'one-6-21',
    ],
  ])('%s', async (_what, answer, body) => {
    const { responses, response, site } = await start();
    const asking = await pair(site);

    answer(await response(0));

    expect((await Promise.all(asking)).map((reply) => reply.body)).toEqual([body, body]);
    expect(responses).toHaveLength(1);
  });

  it('end with the longest body that is shared, and not with one that is a byte longer', async () => {
    const { response, site } = await start({ maxBodyBytes: 4 });

    const fitting = await pair(site);
    (await response(0)).end('four');
    expect((await Promise.all(fitting)).map(({ body }) => body)).toEqual(['four', 'four']);

    const longer = await pair(site);
    (await response(1)).end('fiver');
    (await response(2)).end('other');
    expect(new Set((await Promise.all(longer)).map(({ body }) => body))).toEqual(new Set(['fiver', 'other']));
  });

  it('give a header three lines', async () => {
    const { response, site } = await start();
    const asking = await pair(site);

    const answer = await response(0);
    answer.writeHead(200, ['x-a', '1', 'x-a', '2', 'x-a', '3']);
    answer.end();

    for (const { headers } of await Promise.all(asking)) expect(headers['x-a']).toBe('1, 2, 3');
  });

  it('say why in words, which its own client gets', async () => {
    const { response, site } = await start();
    const asking = site.ask('/page', { headers: ann });
    const answer = await response(0);

    expect(answer.writeHead(202, 'Well')).toBe(answer);
    expect(answer.end()).toBe(answer);

    expect(await asking).toMatchObject({ status: 202, reason: 'Well' });
  });

  it('set a header anew that every request was given before', async () => {
    const { response, site } = await start();
    const asking = await pair(site);

    const answer = await response(0);
    answer.setHeader('x-request', 'own');
    answer.end();

    for (const { headers } of await Promise.all(asking)) expect(headers['x-request']).toBe('own');
  });
});

describe('the answer of a handler of express to an idempotency key', () => {
  it('is kept whole when its headers and parts go out one by one', async () => {
    const { response, site } = await start();
    const asking = site.ask('/orders', order);
    const answer = await response(0);

    answer.setHeader('x-dish', 'soup');
    answer.flushHeaders();
    answer.write('first ');
    answer.end('last');

    expect(await asking).toMatchObject({ body: 'first last' });
    expect(await site.ask('/orders', order)).toMatchObject({
      body: 'first last',
      headers: { 'x-dish': 'soup', 'idempotency-replayed': 'true' },
    });
  });

  it('lets the handler go on at once, and the client wait for its end until it is kept', async () => {
    const kept = Promise.withResolvers<void>();
    const { response, site } = await start({
      idempotency: {
        store: {
          claim: () => ({ kind: 'claimed', token: '1' }),
          complete: () => kept.promise,
          release: () => undefined,
        },
      },
    });
    const asking = site.ask('/orders', order);
    const answer = await response(0);

    expect(answer.end('done')).toBe(answer);
    expect(answer.writableEnded).toBe(false);
    kept.resolve();

    expect(await asking).toMatchObject({ body: 'done' });
    if (!answer.closed) await once(answer, 'close');
  });
});
