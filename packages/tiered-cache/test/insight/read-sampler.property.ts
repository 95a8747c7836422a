import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ReadSampler } from '../../src/insight/read-sampler.ts';
import { randomOf } from './model/random.ts';

const seed = fc.integer({ min: 1, max: 1_000_000 });

describe('ReadSampler', () => {
  it('draws the share of the reads that it is told to, within four standard deviations', () => {
    fc.assert(
      fc.property(seed, fc.double({ min: 0.01, max: 1, noNaN: true }), (from, ratio) => {
        const sampler = new ReadSampler(ratio, randomOf(from));
        const reads = 20_000;
        let drawn = 0;
        for (let read = 0; read < reads; read += 1) if (sampler.draw()) drawn += 1;

        const deviation = Math.sqrt(reads * ratio * (1 - ratio));
        expect(Math.abs(drawn - reads * ratio)).toBeLessThanOrEqual(4 * deviation + 1);
      }),
      // A fixed seed: one run in 16,000 may lie further off.
      { seed: 1, numRuns: 50 },
    );
  });

  it('draws every read at a ratio of 1, whatever the random numbers', () => {
    const sampler = new ReadSampler(1, () => 0.999_999);

    expect(Array.from({ length: 100 }, () => sampler.draw())).not.toContain(false);
  });
});
