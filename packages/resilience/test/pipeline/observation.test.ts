import { EventHub } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { type Pipeline, pipeline } from '@holdfast/resilience';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

/** Counts how often it is read. */
class CountingClock extends ManualClock {
  reads = 0;

  override now(): number {
    this.reads += 1;
    return super.now();
  }
}

function setUp() {
  const clock = new CountingClock();
  const service = pipeline('service', {
    clock,
    random: () => 0,
    deadlineMs: 60_000,
    fallback: () => 'fallback',
    dedupe: true,
    retry: 1,
    hedge: { idempotent: true, delay: 10, budget: { maxSaved: 1_000 } },
    breaker: { window: { calls: 4 }, failureRatio: 1 },
    rateLimit: { limits: { calls: { limit: 1_000, windowMs: 1_000 } } },
    bulkhead: { limit: 2, maxQueued: 1 },
    timeout: { timeoutMs: 100 },
    chaos: { latency: { rate: 0.5, delayMs: 1 } },
  });
  return { clock, service };
}

/** Calls that make every slot say something. */
async function makeCalls({ clock, service }: { clock: CountingClock; service: Pipeline }): Promise<void> {
  const endings = [
    () => 'value',
    () => Promise.reject(new Error('down')),
    () => new Promise(() => {}),
    () => Promise.reject(new Error('down')),
    () => 'value',
  ];
  for (const ending of endings) {
    const calls = [1, 2, 3, 4].map((key) => service.execute(ending, { key: key < 3 ? 'same' : `${key}` }));
    await clock.advance(100_000);
    await Promise.allSettled(calls);
  }
  await settle();
}

describe('a pipeline that nobody watches', () => {
  it('EV-05: makes no event, and reads the clock no more often than one that is watched', async () => {
    const emit = vi.spyOn(EventHub.prototype, 'emit');
    onTestFinished(() => emit.mockRestore());
    const unwatched = setUp() as never as { clock: CountingClock; service: Pipeline };
    await makeCalls(unwatched);
    expect(emit).not.toHaveBeenCalled();

    const watched = setUp() as never as { clock: CountingClock; service: Pipeline };
    const slots = new Set<string>();
    watched.service.events.subscribe(({ slot }) => slots.add(slot));
    await makeCalls(watched);

    for (const slot of ['fallback', 'retry', 'hedge', 'breaker', 'bulkhead', 'timeout', 'chaos'])
      expect(slots).toContain(slot);
    expect(unwatched.clock.reads).toBeLessThanOrEqual(watched.clock.reads);
  });
});
