import { ratio, scaled } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';

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

describe('scaled', () => {
  it.each([
    [0, 0],
    [5, 0],
    [27.5, 0.5],
    [50, 1],
    [95, 2],
  ])('reads a wait of %f ms between 5 and 50 as %f', (waitMs, expected) => {
    const signal = scaled('pool wait', () => waitMs, { calm: 5, full: 50 });

    expect(signal.read()).toBeCloseTo(expected);
    expect(signal).toMatchObject({ name: 'pool wait', kind: 'queueing' });
  });

  it.each<[object, string]>([
    [{ full: 5, calm: 5 }, 'full must be'],
    [{ full: 5, calm: -1 }, 'calm must be'],
    [{}, 'full must be'],
    [{ full: 5, kind: 'odd' }, 'kind must be one of'],
  ])('refuses %j', (options, message) => {
    expect(() => scaled('a', () => 0, options as { full: number })).toThrow(message);
  });

  it('refuses a reader that is none', () => {
    expect(() => scaled('a', 1 as unknown as () => number, { full: 5 })).toThrow('read must be a function');
  });
});
