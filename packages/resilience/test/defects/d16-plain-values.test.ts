import type { CircuitBreaker } from '@holdfast/circuit-breaker';
import { pipeline, type PipelineSlots } from '@holdfast/resilience';
import { describe, expect, it } from 'vitest';

const everySlot: PipelineSlots = {
  retry: 1,
  breaker: true,
  bulkhead: 1,
  timeout: { timeoutMs: 1_000 },
  deadlineMs: 1_000,
};

// opossum 10.0.0: an action that returns undefined, and no promise, fails with a TypeError that counts against the backend.
describe('D16: an operation that is not asynchronous', () => {
  it.each([undefined, null, 0, '', false])('succeeds with %o', async (value) => {
    const service = pipeline('service', everySlot);

    expect(await service.execute(() => value)).toBe(value);
    const breaker = service.parts.breaker as CircuitBreaker;
    expect(breaker.statistics().calls).toMatchObject({ success: 1, failure: 0 });
  });
});
