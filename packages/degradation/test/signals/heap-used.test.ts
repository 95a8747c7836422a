import { heapUsed } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';

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

  it('forgets a low sample after maxSamples', () => {
    const signal = heapUsed({ budgetBytes: 1, full: 1, maxSamples: 2 });
    const before = signal.read();
    const ballast = Array.from({ length: 2_000_000 }, (_, i) => i + 0.5);
    signal.read();

    expect(signal.read()).toBeGreaterThan(before + ballast.length);
  });

  it.each<[object, string]>([
    [{ full: 0 }, 'full must be'],
    [{ budgetBytes: 0 }, 'budgetBytes must be'],
    [{ maxSamples: 0 }, 'maxSamples must be'],
  ])('refuses %j', (options, message) => {
    expect(() => heapUsed(options)).toThrow(message);
  });
});
