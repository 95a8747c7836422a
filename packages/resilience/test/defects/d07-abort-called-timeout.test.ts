import { ManualClock } from '@holdfast/core/testing';
import { pipeline, Timeout, type TimeoutEvent } from '@holdfast/resilience';
import { describe, expect, it } from 'vitest';

const timeoutMs = 1_000;

// cockatiel 3.2.1: a caller that leaves at once, with a reason, gets "timed out after 1000ms", and the timeout tells of one.
describe('D7: a caller that leaves long before the timeout', () => {
  it.each([
    ['a timeout', (timeout: Timeout) => timeout],
    ['a pipeline', (timeout: Timeout, clock: ManualClock) => pipeline('service', { clock, timeout })],
  ])('gets its own reason from %s, and no timeout is told of', async (_, make) => {
    const clock = new ManualClock();
    const timeout = new Timeout({ timeoutMs, clock });
    const events: TimeoutEvent[] = [];
    timeout.events.subscribe((event) => events.push(event));
    const caller = new AbortController();
    const reason = new Error('changed my mind');
    const call = make(timeout, clock).execute(() => new Promise(() => {}), caller);
    const outcome = call.catch((error: unknown) => error);

    caller.abort(reason);

    expect(await outcome).toBe(reason);
    await clock.advance(2 * timeoutMs);
    expect(events).toEqual([]);
    expect(timeout.statistics().calls.timedOut).toBe(0);
  });
});
