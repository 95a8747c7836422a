import { Timeout, type TimeoutEvent } from '@holdfast/resilience';
import { describe, expect, it } from 'vitest';

/** Keeps the process from everything else, as a long computation does. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

// Any guard made of a plain setTimeout: 50 ms of patience, a reply that is there after 20 ms, and a process that is busy for
// 120 ms. The timer goes off before the reply is read, and the call "times out".
describe('D17: a reply that has come in time to a process that is busy', () => {
  it('wins, and the delay is told of', async () => {
    const timeout = new Timeout({ timeoutMs: 50 });
    const events: TimeoutEvent[] = [];
    timeout.events.subscribe((event) => events.push(event));

    const call = timeout.execute(
      () => new Promise((resolve) => void setTimeout(() => setImmediate(() => resolve('reply')), 20)),
    );
    // The timer of the timeout is set when the turn has ended.
    await Promise.resolve();
    block(120);

    expect(await call).toBe('reply');
    expect(events).toMatchObject([{ type: 'lagged' }]);
    expect(timeout.statistics().calls).toEqual({ inTime: 1, timedOut: 0 });
  });
});
