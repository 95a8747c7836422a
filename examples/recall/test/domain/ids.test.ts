import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { IdSource, isUuid } from '../../src/domain/ids.ts';

const zeros = (bytes: Uint8Array): void => void bytes.fill(0);

describe('IdSource', () => {
  it('makes the UUID of RFC 9562 with the time in its first 48 bits', () => {
    const clock = new ManualClock(0x01_7f_22_e2_79_b0);

    const id = new IdSource(clock, (bytes) => void bytes.fill(0xff)).next();

    expect(id).toBe('017f22e2-79b0-7000-bfff-ffffffffffff');
    expect(isUuid(id)).toBe(true);
  });

  it('makes ids that sort as they were made, 10,000 within a millisecond too', () => {
    const source = new IdSource(new ManualClock(), zeros);

    const ids = Array.from({ length: 10_000 }, () => source.next());

    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(10_000);
  });

  it('goes on in order when the wall clock steps back', () => {
    const clock = new ManualClock();
    const source = new IdSource(clock, zeros);
    const before = source.next();

    clock.shiftEpoch(-60_000);

    expect(source.next() > before).toBe(true);
  });

  it('fills the rest at random', () => {
    const source = new IdSource(new ManualClock());

    const tails = Array.from({ length: 100 }, () => source.next().slice(19));

    expect(new Set(tails).size).toBe(100);
  });
});
