import { Bulkhead } from '@holdfast/bulkhead';
import { HoldfastError } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

class LateError extends HoldfastError {
  override readonly name = 'LateError';
  readonly code = 'ERR_TIMEOUT';
}

type Caller = 'stays' | 'may leave' | 'leaves';

interface Round {
  readonly caller: Caller;
  /** Whether the calls waited for their slots. */
  readonly isQueued: boolean;
  readonly end: 'success' | 'failure' | 'timeout';
}

/** The limit after a window of ten calls, all of which ended in one way; it was 10. */
async function limitAfter({ caller, isQueued, end }: Round): Promise<number> {
  const clock = new ManualClock();
  const bulkhead = new Bulkhead({
    limit: { initial: 10, windowMs: 100, minSamples: 10 },
    maxQueued: 10,
    clock,
  });
  const held = isQueued ? Array.from({ length: 10 }, () => bulkhead.tryAcquire()) : [];
  const controller = new AbortController();
  const options = caller === 'stays' ? undefined : controller;
  const ends = Promise.withResolvers<void>();
  const calls = Array.from({ length: 10 }, () => bulkhead.execute(() => ends.promise, options));
  const outcomes = Promise.allSettled(calls);

  for (const permit of held) permit?.release();
  clock.advanceSync(100);
  if (caller === 'leaves') controller.abort();
  if (end === 'success') ends.resolve();
  else ends.reject(end === 'timeout' ? new LateError('late') : new Error('down'));
  await outcomes;
  await settle();
  expect(bulkhead.running).toBe(0);
  return bulkhead.limit;
}

describe.each([true, false])('limit: auto, by calls that waited for their slots: %s', (isQueued) => {
  it.each(['stays', 'may leave'] as const)(
    'learns from how the call ends whose caller %s',
    async (caller) => {
      expect(await limitAfter({ caller, isQueued, end: 'success' })).toBe(20);
      expect(await limitAfter({ caller, isQueued, end: 'timeout' })).toBe(8);
      expect(await limitAfter({ caller, isQueued, end: 'failure' })).toBe(10);
    },
  );

  it.each(['success', 'timeout', 'failure'] as const)(
    'learns nothing from a %s whose caller has left',
    async (end) => {
      expect(await limitAfter({ caller: 'leaves', isQueued, end })).toBe(10);
    },
  );
});

describe('limit: auto', () => {
  it('learns nothing from a slot that nobody takes up because its caller has left', async () => {
    const clock = new ManualClock();
    const limit = { initial: 1, max: 9, windowMs: 1, minSamples: 1 };
    const bulkhead = new Bulkhead({ limit, maxQueued: 1, clock });
    const held = bulkhead.tryAcquire();
    const controller = new AbortController();
    const wait = bulkhead.acquire(controller);
    clock.advanceSync(1);

    held?.release('ignored');
    controller.abort('gone');
    await expect(wait).rejects.toBe('gone');

    // After a sign of overload the limit would not double any more.
    bulkhead.tryAcquire()?.release('success');
    expect(bulkhead.limit).toBe(2);
  });
});

describe('a Bulkhead with a number for a limit', () => {
  it.each(['stays', 'may leave'] as const)(
    'does not ask isOverload of a call whose caller %s',
    async (caller) => {
      const asked: unknown[] = [];
      const bulkhead = new Bulkhead({ limit: 1, isOverload: (error) => asked.push(error) > 0 });
      const options = caller === 'stays' ? undefined : new AbortController();

      await expect(bulkhead.execute(() => Promise.reject('down'), options)).rejects.toBe('down');

      expect(asked).toEqual([]);
    },
  );
});
