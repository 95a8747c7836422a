import { ManualClock } from '@holdfast/core/testing';
import { AdaptiveFactor, type AdaptiveFactorOptions } from '@holdfast/rate-limiter';
import { describe, expect, it } from 'vitest';

function given(scores: readonly number[], options: Partial<AdaptiveFactorOptions> = {}): AdaptiveFactor {
  const rest = [...scores];
  const factor = new AdaptiveFactor({ score: () => rest.shift() ?? Number.NaN, ...options });
  for (let sample = 0; sample < scores.length; sample += 1) factor.sample();
  return factor;
}

describe('AdaptiveFactor', () => {
  it.each([
    { title: 'one sample over the high score', scores: [0.9], factor: 1 },
    { title: 'two in a row', scores: [0.9, 0.9], factor: 0.8 },
    { title: 'two with a pause', scores: [0.9, 0.8, 0.9], factor: 1 },
    { title: 'four in a row', scores: [0.9, 0.9, 0.9, 0.9], factor: 0.64 },
    { title: 'the high score itself', scores: [0.85, 0.85, 0.85], factor: 1 },
    { title: 'between the scores', scores: [0.9, 0.9, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75], factor: 0.8 },
    { title: 'four under the low score', scores: [1, 1, 0, 0, 0, 0], factor: 0.8 },
    { title: 'five under the low score', scores: [1, 1, 0, 0, 0, 0, 0], factor: 0.85 },
    { title: 'a score that is no number', scores: [0.9, Number.NaN, 0.9], factor: 1 },
  ])('answers $title with $factor', ({ scores, factor }) => {
    expect(given(scores).factor).toBeCloseTo(factor, 10);
  });

  it('stays between min and 1', () => {
    expect(given(Array.from({ length: 100 }, () => 1)).factor).toBe(0.1);
    expect(
      given(
        Array.from({ length: 100 }, () => 1),
        { min: 0.5 },
      ).factor,
    ).toBe(0.5);
    expect(
      given([...Array.from({ length: 10 }, () => 1), ...Array.from({ length: 200 }, () => 0)]).factor,
    ).toBe(1);
  });

  it('holds when the score cannot be read', () => {
    const factor = new AdaptiveFactor({
      score: () => {
        throw new Error('no load');
      },
    });
    for (let sample = 0; sample < 10; sample += 1) factor.sample();

    expect(factor.factor).toBe(1);
  });

  it('samples by itself once per interval until it is disposed', () => {
    const clock = new ManualClock();
    const factor = new AdaptiveFactor({ score: () => 1, intervalMs: 100, clock });
    factor.start();
    factor.start();

    clock.advanceSync(200);
    expect(factor.factor).toBeCloseTo(0.8, 10);
    expect(clock.pending()).toBe(1);

    factor[Symbol.dispose]();
    clock.advanceSync(1_000);
    expect(factor.factor).toBeCloseTo(0.8, 10);
    expect(clock.pending()).toBe(0);
  });

  it('stops also when it is disposed while it reads the score', () => {
    const clock = new ManualClock();
    let stop: () => void = () => factor[Symbol.dispose]();
    const factor = new AdaptiveFactor({
      score: () => {
        stop();
        return 0;
      },
      intervalMs: 100,
      clock,
    });
    factor.start();
    clock.advanceSync(100);
    expect(clock.pending()).toBe(0);

    stop = () => {
      factor[Symbol.dispose]();
      factor.start();
    };
    factor.start();
    clock.advanceSync(100);
    expect(clock.pending()).toBe(1);
  });

  it.each<[string, object, string]>([
    ['score', { score: 0.5 }, 'score must be a function, got 0.5'],
    ['min', { min: 0 }, 'min must be a number over 0, up to 1, got 0'],
    ['highScore', { highScore: 2 }, 'highScore must be a number from 0 to 1, got 2'],
    ['lowScore', { lowScore: 0.9 }, 'lowScore must be at most highScore, got 0.9'],
    [
      'intervalMs',
      { intervalMs: 0 },
      'intervalMs must be a finite number of milliseconds of at least 1, got 0',
    ],
    ['clock', { clock: {} }, 'clock must be an object with now(), epoch(), schedule()'],
  ])('refuses a broken %s', (_, broken, message) => {
    expect(() => new AdaptiveFactor({ score: () => 0, ...broken })).toThrow(message);
  });
});
