import { ManualClock } from '@holdfast/core/testing';
import { pipeline, Timeout } from '@holdfast/resilience';
import { describe, expect, it } from 'vitest';

import { manual } from '../model/scripted.ts';

// opossum 10.0.0 with an abortController: all calls have one signal, so the timeout of one aborts another that is well.
describe('D11: a call that times out beside a healthy one', () => {
  it.each([
    ['a timeout', (clock: ManualClock) => new Timeout({ timeoutMs: 100, clock })],
    ['a pipeline', (clock: ManualClock) => pipeline('service', { clock, timeout: { timeoutMs: 100 } })],
  ])('does not abort that one, in %s', async (_, make) => {
    const clock = new ManualClock();
    const policy = make(clock);
    const { operation, runs } = manual();
    const slow = policy.execute(operation).catch((error: unknown) => error);
    await clock.advance(60);
    const healthy = policy.execute(operation);
    const signals = runs.map(({ context }) => context.signal);

    await clock.advance(60);
    expect(await slow).toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    runs[1]?.resolve('value');

    expect(await healthy).toBe('value');
    expect(signals[1]?.aborted).toBe(false);
  });
});
