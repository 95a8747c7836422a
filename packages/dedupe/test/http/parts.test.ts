import type { IncomingHttpHeaders } from 'node:http';
import { ManualClock, settle } from '@holdfast/core/testing';
import {
  BodyNotReadError,
  byCredentials,
  RequestDedupe,
  type RequestDedupeOptions,
} from '@holdfast/dedupe/http';
import { describe, expect, it } from 'vitest';

import { incoming } from './incoming.ts';

type Options = RequestDedupeOptions<string>;

const dedupe = (options: Partial<Options> = {}) =>
  new RequestDedupe<string>({ identity: () => 'ann', ...options });

describe('byCredentials', () => {
  const of = (headers: Partial<IncomingHttpHeaders>): string => byCredentials({ headers });

  it('is one identity for the same credentials, and does not show them', () => {
    expect(of({ authorization: 'secret', accept: '1' })).toBe(of({ authorization: 'secret', accept: '2' }));
    expect(of({ authorization: 'secret' })).not.toContain('secret');
  });

  it('tells credentials apart, wherever they are sent', () => {
    const values = [undefined, 'a', 'b'];
    const all = values.flatMap((authorization) => values.map((cookie) => of({ authorization, cookie })));

    expect(new Set(all).size).toBe(9);
    expect(of({})).toBe('public');
  });
});

describe('RequestDedupe', () => {
  it('rejects a request with a key whose body nobody has read', async () => {
    const begun = dedupe().begin(incoming({ body: undefined }));

    await expect(begun).rejects.toBeInstanceOf(BodyNotReadError);
    await expect(dedupe().begin(incoming({ body: { pipe: () => undefined } }))).rejects.toMatchObject({
      code: 'ERR_BODY_NOT_READ',
    });
  });

  it('takes its fingerprint from the options instead', async () => {
    const own = dedupe({ idempotency: { fingerprint: (request) => request } });

    expect(await own.begin(incoming({ body: undefined }))).toMatchObject({ kind: 'run' });
    expect(await own.begin(incoming({ request: 'another', body: undefined }))).toMatchObject({
      answer: { status: 422 },
    });
  });

  it('shares no safe request whose body nobody has read, and those with equal ones', () => {
    const own = dedupe();
    const kinds = [undefined, 'a', 'a', 'b', Buffer.from('b'), null, null].map((body) => {
      const turn = own.begin(incoming({ method: 'QUERY', body }));
      return turn instanceof Promise ? 'waits' : turn.kind;
    });

    expect(kinds).toEqual(['pass', 'run', 'waits', 'run', 'waits', 'run', 'waits']);
  });

  it('leaves requests alone that are safe, or that nobody is known to have sent', () => {
    expect(dedupe().begin(incoming({ method: 'OPTIONS' }))).toEqual({ kind: 'pass' });
    expect(dedupe({ identity: () => undefined }).begin(incoming())).toEqual({ kind: 'pass' });
  });

  it('requires a key of the requests that it is told to', () => {
    const own = dedupe({ idempotency: { required: (request) => request === 'payment' } });
    const begin = (request: string) => own.begin(incoming({ request, header: () => undefined }));

    expect(begin('payment')).toMatchObject({ answer: { status: 400 } });
    expect(begin('search')).toEqual({ kind: 'pass' });
  });

  it('is gone for a client that has left before it came, or while it waited', async () => {
    const own = dedupe({ idempotency: { concurrent: 'join' } });
    const client = new AbortController();
    for (const method of ['GET', 'POST']) {
      void own.begin(incoming({ method }));
      await Promise.resolve();
    }

    const waiting = ['GET', 'POST'].map((method) => own.begin(incoming({ method, signal: client.signal })));
    client.abort();
    waiting.push(own.begin(incoming({ method: 'GET', signal: client.signal })));

    expect(await Promise.all(waiting.map(async (turn) => turn))).toEqual([
      { kind: 'gone' },
      { kind: 'gone' },
      { kind: 'gone' },
    ]);
  });

  it('lets who joins wait for the request that holds the key now, not for one that has lost it', async () => {
    const clock = new ManualClock();
    const own = dedupe({ clock, idempotency: { lockMs: 10, concurrent: 'join' } });
    await own.begin(incoming());
    await clock.advance(10);
    const turn = await own.begin(incoming());
    if (turn.kind !== 'run') throw new Error('it does not run');
    const waiting = Promise.resolve(own.begin(incoming()));

    await turn.settle({ status: 200, headers: [], body: Buffer.from('answer') });

    expect(await Promise.race([waiting, settle()])).toMatchObject({
      kind: 'answer',
      answer: { status: 200 },
    });
  });

  it('holds a key up to lockMs, and an answer up to ttlMs', async () => {
    const clock = new ManualClock();
    const own = dedupe({ clock, idempotency: { lockMs: 10, ttlMs: 20 } });
    await own.begin(incoming());
    await clock.advance(10);
    const turn = await own.begin(incoming());
    if (turn.kind !== 'run') throw new Error('it does not run');
    await turn.settle({ status: 200, headers: [], body: Buffer.from('answer') });

    await clock.advance(19);
    expect(await own.begin(incoming())).toMatchObject({ kind: 'answer', answer: { status: 200 } });
    await clock.advance(1);

    expect(await own.begin(incoming())).toMatchObject({ kind: 'run' });
    expect(own.statistics().idempotency).toMatchObject({ executed: 3, replayed: 1 });
  });

  it.each<[Partial<Options>, string]>([
    [{ identity: undefined as never }, 'identity must be a function, got undefined'],
    [{ name: '' }, "name must be a string that is not empty, got ''"],
    [{ vary: [''] }, "vary must be a string that is not empty, got ''"],
    [{ maxBodyBytes: -1 }, 'maxBodyBytes must be a finite number of at least 0, got -1'],
    [{ handoverMs: -1 }, 'handoverMs must be a finite number of milliseconds of at least 0, got -1'],
    [{ maxFlights: 0 }, 'maxFlights must be a whole number of at least 1, got 0'],
    [
      { idempotency: { required: 'yes' as never } },
      "idempotency.required must be true, false or a function, got 'yes'",
    ],
    [
      { idempotency: { concurrent: 'wait' as never } },
      "idempotency.concurrent must be one of 'conflict', 'join', got 'wait'",
    ],
    [
      { idempotency: { ttlMs: 0 } },
      'idempotency.ttlMs must be a finite number of milliseconds of at least 1, got 0',
    ],
    [
      { idempotency: { lockMs: 0 } },
      'idempotency.lockMs must be a finite number of milliseconds of at least 1, got 0',
    ],
    [
      { idempotency: { maxKeyLength: 0 } },
      'idempotency.maxKeyLength must be a whole number of at least 1, got 0',
    ],
    [{ idempotency: { fingerprint: 1 as never } }, 'idempotency.fingerprint must be a function, got 1'],
    [
      { idempotency: { documentation: '' } },
      "idempotency.documentation must be a string that is not empty, got ''",
    ],
    [
      { idempotency: { store: {} as never } },
      'idempotency.store must be an object with claim(), complete(), release(), got an object',
    ],
  ])('refuses %o', (options, message) => {
    expect(() => dedupe(options)).toThrow(message);
  });
});
