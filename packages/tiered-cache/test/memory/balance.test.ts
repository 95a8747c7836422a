import { describe, expect, it } from 'vitest';

import { Balance } from '../../src/memory/eviction/balance.ts';

function balanceAfter(wrongEvictionsOfNewcomers: number): Balance {
  const balance = new Balance();
  for (let count = 0; count < wrongEvictionsOfNewcomers; count += 1) balance.favourNewcomers();
  return balance;
}

describe('Balance', () => {
  it('begins with hardly any room for newcomers and much credit for the proven', () => {
    expect(balanceAfter(0)).toMatchObject({ share: 0.01, credit: 3 });
  });

  it.each([
    [79, 0.0495, 3],
    [81, 0.0505, 2],
    [181, 0.1005, 1],
    [281, 0.1505, 0],
  ])(
    'after %d wrong evictions of newcomers, gives them %d of the room and the proven a credit of %d',
    (count, share, credit) => {
      const balance = balanceAfter(count);

      expect(balance.share).toBeCloseTo(share, 9);
      expect(balance.credit).toBe(credit);
    },
  );

  it('leaves a tenth to the proven, whatever happens', () => {
    expect(balanceAfter(10_000)).toMatchObject({ share: 0.9, credit: 0 });
  });

  it('takes back what it gave, but for a hundredth', () => {
    const balance = balanceAfter(100);
    for (let count = 0; count < 40; count += 1) balance.favourProven();
    expect(balance.share).toBeCloseTo(0.04, 9);

    for (let count = 0; count < 1_000; count += 1) balance.favourProven();
    expect(balance.share).toBe(0.01);
  });
});
