import { getEventListeners } from 'node:events';
import { ManualClock, settle } from '@holdfast/core/testing';
import { BodyLagError } from '@holdfast/dedupe/fetch';
import { describe, expect, it } from 'vitest';

import { SharedBody } from '../../src/fetch/shared-body.ts';

/** A body whose parts come when the test says so, shared under a clock that stands still. */
function share(maxLagBytes = 10) {
  let source!: ReadableStreamDefaultController<Uint8Array>;
  const cancellations: unknown[] = [];
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void (source = controller),
      cancel: (reason) => {
        cancellations.push(reason);
        throw new Error('the source does not like it');
      },
    },
    { highWaterMark: 0 },
  );
  const clock = new ManualClock();
  const shared = new SharedBody(body, maxLagBytes, clock);
  const open = (signal?: AbortSignal) => shared.branch(signal).getReader();
  const give = (bytes: number): void => source.enqueue(new Uint8Array(bytes));
  return { cancellations, clock, give, open, source: () => source };
}

type Reader = ReturnType<ReturnType<typeof share>['open']>;

/** How long the next parts are; 0 for the end. */
async function lengths(reader: Reader, count: number): Promise<readonly number[]> {
  const found: number[] = [];
  while (found.length < count) found.push((await reader.read()).value?.byteLength ?? 0);
  return found;
}

describe('the readers of a shared body', () => {
  it('each get it all, also one that begins when others have read', async () => {
    const { give, open, source } = share();
    const [one, other] = [open(), open()];
    for (const bytes of [3, 4, 3]) give(bytes);

    expect(await lengths(one, 3)).toEqual([3, 4, 3]);
    const late = open();
    expect(await lengths(other, 2)).toEqual([3, 4]);
    source().close();

    expect(await lengths(one, 1)).toEqual([0]);
    expect(await lengths(other, 2)).toEqual([3, 0]);
    expect(await lengths(late, 4)).toEqual([3, 4, 3, 0]);
  });

  it('lose the rest when they are further behind than they may be, and not a byte sooner', async () => {
    const { give, open } = share();
    const [reads, begins, idles] = [open(), open(), open()];
    for (const bytes of [4, 6, 4]) give(bytes);
    await lengths(begins, 1);

    await lengths(reads, 3);

    await expect(idles.read()).rejects.toThrow(
      'the body was read more than 10 bytes behind another caller of the same request',
    );
    expect(await lengths(begins, 2)).toEqual([6, 4]);
  });

  it('lose the rest when they have begun and stopped', async () => {
    const { give, open } = share();
    const [reads, begins] = [open(), open()];
    for (const bytes of [4, 6, 5]) give(bytes);
    await lengths(reads, 1);
    await lengths(begins, 1);

    await lengths(reads, 2);

    await expect(begins.read()).rejects.toMatchObject({ name: 'BodyLagError', code: 'ERR_BODY_LAG' });
  });

  it('get nothing when they begin after more has been read than is held', async () => {
    const { give, open } = share();
    const reads = open();
    give(11);
    await lengths(reads, 1);

    await expect(open().read()).rejects.toBeInstanceOf(BodyLagError);
  });

  it('get its failure, and those that leave the reason why they do', async () => {
    const { open, source } = share();
    const [caller, gone] = [new AbortController(), AbortSignal.abort('gone before')];
    const readers = [open(), open(caller.signal), open(gone)];
    const reads = readers.map((reader) => reader.read().catch((reason: unknown) => reason));

    caller.abort('gone meanwhile');
    source().error('broken');

    expect(await Promise.all(reads)).toEqual(['broken', 'gone meanwhile', 'gone before']);
    await expect(open().read()).rejects.toBe('broken');
  });

  it.each<[string, (body: ReturnType<typeof share>, reader: Reader) => unknown]>([
    ['has ended', ({ source }) => source().close()],
    ['has failed', ({ source }) => source().error('broken')],
    ['is left', (_body, reader) => reader.cancel()],
    ['is lost', ({ give }) => give(11)],
  ])('stop listening to their signals when it %s', async (_what, happen) => {
    const body = share();
    const { signal } = new AbortController();
    const [reads, idles] = [body.open(), body.open(signal)];
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);

    reads.read().catch(() => undefined);
    await happen(body, idles);
    await settle();
    idles.read().catch(() => undefined);
    await settle();

    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('the source of a shared body', () => {
  it('is cancelled for the reason of the last reader that leaves', async () => {
    const { cancellations, clock, open } = share();
    const [one, other] = [open(), open()];

    await one.cancel('first');
    await clock.advance(0);
    expect(cancellations).toEqual([]);
    await other.cancel('last');
    await clock.advance(0);

    expect(cancellations).toEqual(['last']);
    expect(clock.pending()).toBe(0);
  });

  it('is read on for one that begins in the turn in which all others have left', async () => {
    const { cancellations, clock, give, open } = share();
    await open().cancel('gone');
    expect(clock.pending('foreground')).toBe(0);

    const late = open();
    await clock.advance(0);
    give(3);

    expect(await lengths(late, 1)).toEqual([3]);
    expect(cancellations).toEqual([]);
  });

  it('is cancelled when the last reader loses the rest', async () => {
    const { cancellations, clock, give, open } = share();
    const [leaves, idles] = [open(), open()];
    const read = leaves.read();
    await settle();
    await leaves.cancel('gone');
    expect(await read).toMatchObject({ done: true });

    give(11);
    await settle();
    await clock.advance(0);

    await expect(idles.read()).rejects.toBeInstanceOf(BodyLagError);
    expect(cancellations).toEqual([expect.any(BodyLagError)]);
  });
});
