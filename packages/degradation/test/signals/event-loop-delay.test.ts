import { eventLoopDelay } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';
import { BlockingClock } from '../support/blocking-clock.ts';

describe('eventLoopDelay', () => {
  it('reads 0 at up to 10 ms and 1 at 100 ms', () => {
    const clock = new BlockingClock();
    const signal = eventLoopDelay({ clock });
    using running = signal.start?.();
    expect(running).toBeDefined();
    clock.advanceSync(240);
    expect(signal.read()).toBe(0);
    clock.advanceSync(10);
    clock.block(20);
    expect(signal.read()).toBeCloseTo(0);
    clock.advanceSync(10);
    clock.block(110);
    clock.advanceSync(0);

    expect(signal.read()).toBeCloseTo(1);
  });

  it('shows a block of 300 ms that straddles a reading as at least 290 ms, once', () => {
    const clock = new BlockingClock();
    const signal = eventLoopDelay({ clock, calmMs: 0, fullMs: 1 });
    using running = signal.start?.();
    expect(running).toBeDefined();
    clock.advanceSync(250);
    signal.read();

    clock.block(300);

    expect(signal.read()).toBeGreaterThanOrEqual(290);
    clock.advanceSync(10);
    expect(signal.read()).toBeLessThanOrEqual(10);
  });

  it('reads 0 while it does not run', () => {
    const clock = new BlockingClock();
    const signal = eventLoopDelay({ clock });
    signal.start?.()[Symbol.dispose]();
    clock.block(1_000);

    expect(signal.read()).toBe(0);
    expect(clock.pending()).toBe(0);
  });

  it.each<[object, string]>([
    [{ calmMs: -1 }, 'calmMs must be'],
    [{ fullMs: 5 }, 'fullMs must be a finite number of milliseconds of at least 11'],
    [{ resolutionMs: 0 }, 'resolutionMs must be'],
    [{ clock: {} }, 'clock must be an object with now(), schedule()'],
  ])('refuses %j', (options, message) => {
    expect(() => eventLoopDelay(options)).toThrow(message);
  });
});
