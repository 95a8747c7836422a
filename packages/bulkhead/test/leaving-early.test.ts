import { Bulkhead } from '@holdfast/bulkhead';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

const never = (): Promise<never> => new Promise(() => {});

describe('a caller of a Bulkhead whose signal has aborted before it could be told', () => {
  it.each(['operation', 'permit'])('gets no slot that the same abort gives back, %s', async (kind) => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1 });
    const caller = new AbortController();
    const { signal } = caller;
    const held = await bulkhead.acquire();
    signal.addEventListener('abort', () => held.release());
    let ran = false;
    const waiting =
      kind === 'permit'
        ? bulkhead.acquire({ signal })
        : bulkhead.execute(
            () => {
              ran = true;
              return never();
            },
            { signal },
          );
    const outcome = waiting.catch((reason: unknown) => reason);

    caller.abort('gone');

    expect(await Promise.race([outcome, settle()])).toBe('gone');
    expect(ran).toBe(false);
    expect(bulkhead.statistics()).toMatchObject({
      running: 0,
      queued: 0,
      calls: { admitted: 1, aborted: 1 },
    });
  });

  it('does not wait when a listener aborts it while it comes', async () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 9, targetWaitMs: 0, shedAfterMs: 10, clock });
    const caller = new AbortController();
    bulkhead.tryAcquire();
    const first = bulkhead.execute(never).catch((error: { readonly code: string }) => error.code);
    await clock.advance(5);
    void bulkhead.execute(never).catch(() => undefined);
    await clock.advance(20);
    bulkhead.events.subscribe(({ type }) => type === 'rejected' && caller.abort('gone'));

    const late = bulkhead.execute(never, { signal: caller.signal }).catch((reason: unknown) => reason);

    expect(await first).toBe('ERR_SHED');
    expect(await Promise.race([late, settle()])).toBe('gone');
    expect(bulkhead.statistics()).toMatchObject({ queued: 0, calls: { aborted: 1 } });
  });
});
