import { ManualClock } from '@holdfast/core/testing';
import { type Answer, type HandlerRun, RequestDedupe, type Turn } from '@holdfast/dedupe/http';
import { describe, expect, it } from 'vitest';

import { incoming } from './incoming.ts';

const clock = (): ManualClock => new ManualClock();
const open = (own: { readonly clock?: ManualClock } = {}) =>
  new RequestDedupe<string>({ identity: () => 'ann', ...own });
const answer: Answer = { status: 200, headers: [], body: Buffer.from('answer') };

/** A turn that is a handler's. */
async function run(turn: Turn | Promise<Turn>): Promise<HandlerRun> {
  const now = await turn;
  if (now.kind !== 'run') throw new Error(`it does not run: ${now.kind}`);
  return now;
}

describe('a request dedupe without options', () => {
  it('is called requests, also in its events', async () => {
    const requests = open();
    const seen: unknown[] = [];
    requests.events.subscribe((event) => seen.push(event));
    const client = new AbortController();
    await run(requests.begin(incoming({ method: 'GET', signal: client.signal })));

    client.abort();

    expect(requests.name).toBe('requests');
    expect(seen).toEqual([{ type: 'abandoned', policy: 'requests', key: expect.any(String) }]);
  });

  it.each([
    'accept',
    'accept-encoding',
    'accept-language',
    'range',
    'if-range',
    'if-match',
    'if-none-match',
    'if-modified-since',
    'if-unmodified-since',
  ])('tells requests apart by %s', (field) => {
    const requests = open();
    const kinds = ['1', '2', '1'].map((value) => {
      const header = (name: string) => (name === field ? value : undefined);
      const turn = requests.begin(incoming({ method: 'GET', header }));
      return turn instanceof Promise ? 'waits' : turn.kind;
    });

    expect(kinds).toEqual(['run', 'run', 'waits']);
  });

  it('joins no handler that has run for 30 seconds', async () => {
    const own = clock();
    const requests = open({ clock: own });
    const begin = () => requests.begin(incoming({ method: 'GET' }));
    await run(begin());

    await own.advance(29_999);
    expect(begin()).toBeInstanceOf(Promise);
    await own.advance(1);

    expect(begin()).toMatchObject({ kind: 'run' });
  });

  it('keeps bodies of up to a mebibyte', async () => {
    const requests = open();

    expect(requests.begin(incoming({ method: 'GET' }))).toMatchObject({ maxBodyBytes: 1_048_576 });
    expect(await requests.begin(incoming())).toMatchObject({ maxBodyBytes: 1_048_576 });
  });

  it('holds a key for five minutes, and an answer for a day', async () => {
    const own = clock();
    const requests = open({ clock: own });
    await run(requests.begin(incoming()));

    await own.advance(299_999);
    expect(await requests.begin(incoming())).toMatchObject({ kind: 'answer', answer: { status: 409 } });
    await own.advance(1);
    await (await run(requests.begin(incoming()))).settle(answer);

    await own.advance(86_399_999);
    expect(await requests.begin(incoming())).toMatchObject({ kind: 'answer', answer: { status: 200 } });
    await own.advance(1);
    expect(await requests.begin(incoming())).toMatchObject({ kind: 'run' });
  });

  it('takes keys of up to 255 characters, and requires none', async () => {
    const requests = open();
    const begin = (key: string | undefined) => requests.begin(incoming({ header: () => key }));

    expect(await begin('k'.repeat(255))).toMatchObject({ kind: 'run' });
    expect(begin('k'.repeat(256))).toMatchObject({ answer: { status: 400 } });
    expect(begin(undefined)).toEqual({ kind: 'pass' });
  });
});

describe('a request dedupe', () => {
  it.each([
    ['GET', ['run', 'waits']],
    ['HEAD', ['run', 'waits']],
    ['QUERY', ['run', 'waits']],
    ['OPTIONS', ['pass', 'pass']],
    ['TRACE', ['pass', 'pass']],
  ])('does not ask for a key of %s', (method, expected) => {
    const requests = new RequestDedupe<string>({ identity: () => 'ann', idempotency: { required: true } });
    const kinds = [1, 2].map(() => {
      const turn = requests.begin(incoming({ method }));
      return turn instanceof Promise ? 'waits' : turn.kind;
    });

    expect(kinds).toEqual(expected);
  });

  it.each([
    ['POST', 'answer'],
    ['PATCH', 'answer'],
    ['PUT', 'pass'],
    ['DELETE', 'pass'],
  ])('that requires keys does so or not of %s: %s', (method, kind) => {
    const requests = new RequestDedupe<string>({ identity: () => 'ann', idempotency: { required: true } });

    expect(requests.begin(incoming({ method, header: () => undefined }))).toMatchObject({ kind });
  });
});
