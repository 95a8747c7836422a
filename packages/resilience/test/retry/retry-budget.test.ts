import { ManualClock } from '@holdfast/core/testing';
import { RetryBudget, type RetryBudgetOptions } from '@holdfast/resilience';
import { describe, expect, it } from 'vitest';

describe('RetryBudget', () => {
  it('RT-13: grants a fifth of the calls and three, when everything fails at once', () => {
    const budget = new RetryBudget({ clock: new ManualClock() });
    let granted = 0;

    for (let call = 0; call < 1_000; call += 1) {
      budget.earn();
      if (budget.trySpend()) granted += 1;
    }

    expect(granted).toBe(203);
  });

  it('RT-13: grants three retries a second to those who hardly call', async () => {
    const clock = new ManualClock();
    const budget = new RetryBudget({ clock });
    const granted: boolean[] = [];

    for (let i = 0; i < 4; i += 1) granted.push(budget.trySpend());
    await clock.advance(334);
    granted.push(budget.trySpend(), budget.trySpend());
    expect(granted).toEqual([true, true, true, false, true, false]);

    await clock.advance(60_000);
    const later = Array.from({ length: 4 }, () => budget.trySpend());
    expect(later).toEqual([true, true, true, false]);
  });

  it('grants one each two seconds at half a retry a second', async () => {
    const clock = new ManualClock();
    const budget = new RetryBudget({ clock, ratio: 0, minPerSecond: 0.5 });
    const granted: boolean[] = [];

    for (const ms of [0, 999, 1, 1_999, 1, 60_000, 0]) {
      await clock.advance(ms);
      granted.push(budget.trySpend());
    }

    expect(granted).toEqual([false, false, true, false, true, true, false]);
  });

  it('saves no more than maxSaved for bad times', () => {
    const budget = new RetryBudget({ clock: new ManualClock(), ratio: 1, minPerSecond: 0, maxSaved: 5 });
    for (let call = 0; call < 100; call += 1) budget.earn();
    let granted = 0;

    while (budget.trySpend()) granted += 1;

    expect(granted).toBe(5);
  });

  it.each<[RetryBudgetOptions, string]>([
    [{ ratio: 1.1 }, 'ratio must be a number from 0 to 1, got 1.1'],
    [{ minPerSecond: -1 }, 'minPerSecond must be a finite number of at least 0, got -1'],
    [{ maxSaved: 0 }, 'maxSaved must be a whole number of at least 1, got 0'],
    [{ clock: {} as ManualClock }, 'clock must be an object with now(), epoch(), schedule(), got an object'],
  ])('refuses %o', (options, message) => {
    expect(() => new RetryBudget(options)).toThrow(message);
  });
});
