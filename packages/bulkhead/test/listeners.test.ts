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
