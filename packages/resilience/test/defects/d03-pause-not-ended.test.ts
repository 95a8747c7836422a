import { ManualClock } from '@holdfast/core/testing';
import { pipeline, Retry } from '@holdfast/resilience';
import { describe, expect, it } from 'vitest';

const backoff = { initialMs: 1_000, jitter: 'none' } as const;

// cockatiel 3.2.1: a retry whose caller leaves 50 ms into a pause of 1,000 ms goes on after it, and runs the function again.
describe('D3: a caller that leaves during a pause', () => {
  it.each([
    ['a retry', (clock: ManualClock) => new Retry({ clock, backoff })],
    ['a pipeline', (clock: ManualClock) => pipeline('service', { clock, retry: { backoff } })],
  ])('is let go at once by %s, and nothing runs again', async (_, make) => {
    const clock = new ManualClock();
    const caller = new AbortController();
    const ended: unknown[] = [];
    let executions = 0;
    const operation = (): Promise<never> => {
      executions += 1;
      return Promise.reject(new Error('down'));
    };
    make(clock)
      .execute(operation, caller)
      .catch((reason: unknown) => ended.push(reason, clock.now()));

    await clock.advance(50);
    caller.abort('gone');
    await clock.advance(10_000);

    expect(ended).toEqual(['gone', 50]);
    expect(executions).toBe(1);
  });
});
