import { Bulkhead } from '@holdfast/bulkhead';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

const never = (): Promise<never> => new Promise(() => {});

describe('a listener of a Bulkhead that calls again at a refusal', () => {
  it('keeps none of those who wait longer than maxWaitMs', async () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 9, maxWaitMs: 100, clock });
    const ended: string[] = [];
    const call = (id: string): void =>
      void bulkhead.execute(never).catch((error: { readonly reason: string }) => {
        ended.push(`${id}:${error.reason}@${clock.now()}`);
      });
    bulkhead.tryAcquire();
    const unsubscribe = bulkhead.events.subscribe(({ type }) => {
      if (type !== 'rejected') return;
      unsubscribe();
      call('again');
    });

    call('first');
    await clock.advance(50);
    call('second');
    await clock.advance(50);
    // One timer for both who wait now.
    expect(clock.pending()).toBe(1);
    for (const ms of [50, 49, 1]) await clock.advance(ms);

    expect(ended).toEqual([
      'first:waited-too-long@100',
      'second:waited-too-long@150',
      'again:waited-too-long@200',
    ]);
    expect(clock.pending()).toBe(0);
  });
});

describe('a listener of a Bulkhead that takes long', () => {
  it('delays nobody whose maxWaitMs comes later', async () => {
    const timers = new ManualClock();
    let tookMs = 0;
    const clock = {
      now: () => timers.now() + tookMs,
      epoch: () => timers.epoch() + tookMs,
      schedule: timers.schedule.bind(timers),
    };
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 9, maxWaitMs: 100, clock });
    const ended: number[] = [];
    const call = (): void => void bulkhead.execute(never).catch(() => ended.push(clock.now()));
    bulkhead.tryAcquire();
    bulkhead.events.subscribe(({ type }) => {
      if (type === 'rejected') tookMs = 30;
    });

    call();
    await timers.advance(50);
    call();
    await timers.advance(50);
    await timers.advance(20);

    expect(ended).toEqual([130, 150]);
  });
});

describe('a Bulkhead that is being disposed', () => {
  it('gives nobody who waits a slot that a listener gives back then', async () => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1 });
    const held = await bulkhead.acquire();
    bulkhead.events.subscribe(({ type }) => type === 'closed' && held.release());
    let ran = false;
    const waiting = bulkhead.execute(() => (ran = true));

    const closed = bulkhead[Symbol.asyncDispose]();

    await expect(waiting).rejects.toMatchObject({ reason: 'closed' });
    await closed;
    expect(ran).toBe(false);
  });

  it('lets nobody begin to wait whose coming made a listener dispose it', async () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 9, targetWaitMs: 0, shedAfterMs: 10, clock });
    const held = await bulkhead.acquire();
    const waiting: Promise<unknown>[] = [];
    const call = (): void => void waiting.push(bulkhead.execute(never).catch((error: unknown) => error));
    call();
    await clock.advance(5);
    call();
    await clock.advance(20);
    const closed: Promise<void>[] = [];
    bulkhead.events.subscribe(({ type }) => {
      if (type === 'rejected') closed.push(bulkhead[Symbol.asyncDispose]());
    });

    call();

    expect(await Promise.all(waiting)).toMatchObject([
      { reason: 'shed' },
      { reason: 'closed' },
      { reason: 'closed' },
    ]);
    held.release();
    await Promise.all(closed);
  });
});
