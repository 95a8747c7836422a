import { Bulkhead, type BulkheadEvent, ShedError } from '@holdfast/bulkhead';
import { isHoldfastError } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

/** A bulkhead of one slot that is held, in front of which one waits and the queue stands once somebody comes. */
function standing(clock: ManualClock, onShed: (bulkhead: Bulkhead) => void = () => {}) {
  const bulkhead = new Bulkhead({ name: 'payments', limit: 1, maxQueued: 9, clock });
  const events: BulkheadEvent[] = [];
  const held = bulkhead.tryAcquire();
  const oldest = bulkhead.execute(() => 'oldest').catch((error: unknown) => error);
  clock.advanceSync(101);
  const second = bulkhead.execute(() => 'second').catch((error: unknown) => error);
  clock.advanceSync(500);
  bulkhead.events.subscribe((event) => {
    events.push(event);
    if (event.type === 'rejected' && event.reason === 'shed') onShed(bulkhead);
  });
  return { bulkhead, events, held, oldest, second };
}

describe('a Bulkhead whose queue stands', () => {
  it('sheds after half a second over a tenth of one, with all that the caller needs to know', async () => {
    const { bulkhead, events, oldest } = standing(new ManualClock());

    void bulkhead.execute(() => 'newest');

    const error = await oldest;
    expect(error).toBeInstanceOf(ShedError);
    expect(isHoldfastError(error, 'ERR_SHED')).toBe(true);
    expect(error).toMatchObject({
      name: 'ShedError',
      message: 'payments sheds its oldest waiters',
      policy: 'payments',
      reason: 'shed',
      retryAfterMs: 500,
    });
    expect(events).toEqual([
      { type: 'rejected', policy: 'payments', reason: 'shed' },
      { type: 'queued', policy: 'payments', queued: 2 },
    ]);
    expect(bulkhead.statistics()).toMatchObject({ queued: 2, calls: { shed: 1 } });
  });

  it('leaves no slot free when a listener raises the limit as it is told of who is shed', async () => {
    const { bulkhead, second } = standing(new ManualClock(), (observed) => observed.resize(3));

    const newest = bulkhead.execute(() => 'newest');

    expect([bulkhead.running, bulkhead.queued]).toEqual([3, 0]);
    expect(await Promise.all([second, newest])).toEqual(['second', 'newest']);
  });

  it('says after what time to ask again, but not where there will be no slot any more', async () => {
    const bulkhead = new Bulkhead({ limit: 1, shedAfterMs: 70 });
    bulkhead.tryAcquire();

    await expect(bulkhead.execute(() => 'ran')).rejects.toMatchObject({ reason: 'full', retryAfterMs: 70 });
    void bulkhead[Symbol.asyncDispose]();
    await expect(bulkhead.execute(() => 'ran')).rejects.toMatchObject({
      reason: 'closed',
      retryAfterMs: undefined,
    });
  });
});
