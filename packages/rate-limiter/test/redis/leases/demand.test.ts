import { describe, expect, it } from 'vitest';
import { Demand } from '../../../src/redis/leases/demand.ts';

describe('Demand', () => {
  it('is what was asked for in about the last span', () => {
    const demand = new Demand(1_000);
    for (let at = 0; at < 5_000; at += 10) demand.note(1, at);

    expect(demand.at(5_000)).toBeCloseTo(100, 0);
    expect(demand.at(5_500)).toBeCloseTo(50, 0);
  });

  it('ends with a pause of two spans', () => {
    const demand = new Demand(1_000);
    demand.note(50, 300);

    expect(demand.at(1_800)).toBeCloseTo(25);
    expect(demand.at(2_300)).toBe(0);
  });

  it('does not count what turned out not to be wanted, even in the next span', () => {
    const demand = new Demand(1_000);
    demand.note(10, 0);
    demand.note(-10, 1_500);

    expect(demand.at(1_500)).toBe(0);
  });
});
