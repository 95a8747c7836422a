import { ManualClock } from '@holdfast/core/testing';
import { Dedupe, type DedupeOptions } from '@holdfast/dedupe';
import { describe, expect, it } from 'vitest';

import { Backend } from './model/backend.ts';

/** Counts how often it is read. */
class CountingClock extends ManualClock {
  reads = 0;

  override now(): number {
    this.reads += 1;
    return super.now();
  }
}

function counted(options: DedupeOptions = {}) {
  const clock = new CountingClock();
  const dedupe = new Dedupe({ clock, ...options });
  const backend = new Backend();
  const join = (callers: number): void => {
    for (let caller = 0; caller < callers; caller += 1) void dedupe.run('a', backend.operation);
  };
  return { clock, join };
}

describe('a dedupe reads the clock', () => {
  it('once for the start of a flight, and once for all that join it in one turn', async () => {
    const { clock, join } = counted();

    join(1);
    expect(clock.reads).toBe(1);
    join(100);
    expect(clock.reads).toBe(2);
    await Promise.resolve();
    join(100);

    expect(clock.reads).toBe(3);
  });

  it('never for flights that may be joined at any age', async () => {
    const { clock, join } = counted({ maxAgeMs: Infinity });

    join(2);
    await Promise.resolve();
    join(2);

    expect(clock.reads).toBe(0);
  });
});
