import { eventLoopDelay, eventLoopUtilization, heapUsed, ratio } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';
import { BlockingClock } from './support/blocking-clock.ts';

describe('eventLoopDelay', () => {
  it('reads 0 at up to 10 ms and 1 at 100 ms', () => {
    const clock = new BlockingClock();
    const signal = eventLoopDelay({ clock });
    using running = signal.start?.();
    expect(running).toBeDefined();
    clock.advanceSync(240);
    expect(signal.read()).toBe(0);
    clock.advanceSync(20);
    clock.block(30);
    expect(signal.read()).toBeCloseTo(0);
    clock.advanceSync(20);
    clock.block(120);
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
    clock.advanceSync(20);
    expect(signal.read()).toBeLessThanOrEqual(20);
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

describe('eventLoopUtilization', () => {
  it('reads the share since the last reading, not since the start', async () => {
    const signal = eventLoopUtilization({ full: 1 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const idle = signal.read();
    const until = performance.now() + 100;
    while (performance.now() < until);
    await new Promise((resolve) => setImmediate(resolve));

    expect(idle).toBeLessThan(0.6);
    expect(signal.read()).toBeGreaterThan(0.9);
    expect(signal.kind).toBe('utilization');
  });

  it('refuses full 0', () => {
    expect(() => eventLoopUtilization({ full: 0 })).toThrow(
      'full must be a finite number of at least 0.01, got 0',
    );
  });
});

describe('heapUsed', () => {
  it('reads the lowest of the last samples as a share of the budget', () => {
    const budgetBytes = 4 * 1024 ** 3;
    const lasting = heapUsed({ budgetBytes, full: 1, maxSamples: 4 });
    const momentary = heapUsed({ budgetBytes: 1, full: 1, maxSamples: 1 });
    const before = lasting.read();
    const ballast = Array.from({ length: 2_000_000 }, (_, i) => i + 0.5);

    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(1);
    expect(lasting.read()).toBeLessThanOrEqual(before);
    expect(momentary.read()).toBeGreaterThan(ballast.length);
  });

  it.each<[object, string]>([
    [{ full: 0 }, 'full must be'],
    [{ budgetBytes: 0 }, 'budgetBytes must be'],
    [{ maxSamples: 0 }, 'maxSamples must be'],
  ])('refuses %j', (options, message) => {
    expect(() => heapUsed(options)).toThrow(message);
  });
});

describe('ratio', () => {
  it('reads what it is given', () => {
    const signal = ratio('pool', () => 0.3);

    expect(signal).toMatchObject({ name: 'pool', kind: 'capacity' });
    expect(signal.read()).toBe(0.3);
    expect(ratio('pool', () => 1, 'queueing').kind).toBe('queueing');
  });

  it('refuses a name, a reader or a kind that is none', () => {
    expect(() => ratio('', () => 0)).toThrow('name must be');
    expect(() => ratio('a', 1 as unknown as () => number)).toThrow('signal must be an object with read()');
    expect(() => ratio('a', () => 0, 'odd' as 'capacity')).toThrow("kind must be one of 'queueing'");
  });
});
