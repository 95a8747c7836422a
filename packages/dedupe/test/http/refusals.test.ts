import { MemoryAnswerStore, RequestDedupe, type Turn } from '@holdfast/dedupe/http';
import { describe, expect, it } from 'vitest';

import { incoming } from './incoming.ts';

type Requests = RequestDedupe<string>;

const keyed = (key: string | undefined) => incoming({ header: () => key });

const problem = async (coming: Turn | Promise<Turn>) => {
  const turn = await coming;
  if (turn.kind !== 'answer') throw new Error(`it is not refused: ${turn.kind}`);
  const { status, headers, body } = turn.answer;
  return { status, headers: Object.fromEntries(headers), body: JSON.parse(String(body)) as unknown };
};

describe('a request is refused, and told why, when its idempotency key', () => {
  it.each<[string, number, string, string, (requests: Requests) => Turn | Promise<Turn>]>([
    [
      'is missing',
      400,
      'Idempotency-Key is missing',
      'This operation is carried out only with an Idempotency-Key, so that it can be tried again safely.',
      (requests) => requests.begin(keyed(undefined)),
    ],
    [
      'is malformed',
      400,
      'Idempotency-Key is malformed',
      'The Idempotency-Key must be one string, not empty, of printable ASCII characters, and not too long.',
      (requests) => requests.begin(keyed('""')),
    ],
    [
      'came before with another request',
      422,
      'Idempotency-Key is already used',
      'The same Idempotency-Key came before with another request. Every operation needs a key of its own.',
      async (requests) => {
        await requests.begin(incoming());
        return requests.begin(incoming({ body: { dish: 2 } }));
      },
    ],
    [
      'is under way',
      409,
      'A request is outstanding for this Idempotency-Key',
      'The first request with this Idempotency-Key is still being carried out. Ask again later.',
      async (requests) => {
        await requests.begin(incoming());
        return requests.begin(incoming());
      },
    ],
    [
      'was answered by what cannot be kept',
      409,
      'The answer for this Idempotency-Key was not kept',
      'The operation was carried out, but its answer was a stream or too long to be kept. It is not repeated.',
      async (requests) => {
        const turn = await requests.begin(incoming());
        if (turn.kind === 'run') await turn.settle(undefined);
        return requests.begin(incoming());
      },
    ],
    [
      'is one more than there is room for',
      503,
      'Idempotency cannot be guaranteed now',
      'Whether this Idempotency-Key was used before is not known at present. Nothing was done.',
      async (requests) => {
        await requests.begin(keyed('another'));
        return requests.begin(incoming());
      },
    ],
  ])('%s', async (_when, status, title, detail, ask) => {
    const store = new MemoryAnswerStore({ maxEntries: 1 });
    const requests: Requests = new RequestDedupe({
      identity: () => 'ann',
      idempotency: { required: true, store },
    });

    expect(await problem(ask(requests))).toEqual({
      status,
      headers: {
        'content-type': 'application/problem+json',
        'content-language': 'en',
        ...((status === 409 || status === 503) && { 'retry-after': '1' }),
      },
      body: { type: 'about:blank', title, status, detail },
    });
    expect(requests.statistics().idempotency).toMatchObject({ refused: 1 });
  });
});
