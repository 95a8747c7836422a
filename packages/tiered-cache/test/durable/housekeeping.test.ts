import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { Housekeeping } from '../../src/durable/housekeeping.ts';

/** A chore that says when it ran, and gives `rests` one after the other. */
function setUp(...rests: (number | undefined | Error)[]) {
  const clock = new ManualClock();
  const ranAt: number[] = [];
  const housekeeping = new Housekeeping(clock, () => {
    ranAt.push(clock.now());
    const rest = rests.shift();
    if (rest instanceof Error) throw rest;
    return rest;
  });
  return { clock, ranAt, housekeeping };
}

describe('Housekeeping', () => {
  it('does its chore when it is due, and again for as long as there is something to do', async () => {
    const { clock, ranAt, housekeeping } = setUp(10, 500);
    housekeeping.within(2_000);
    await clock.advance(10_000);

    expect(ranAt).toEqual([2_000, 2_010, 2_510]);
    expect(clock.pending()).toBe(0);
  });

  it('comes earlier when something earlier comes up', async () => {
    const { clock, ranAt, housekeeping } = setUp();
    housekeeping.within(60_000);
    housekeeping.within(5_000);
    housekeeping.within(30_000);
    await clock.advance(100_000);

    expect(ranAt).toEqual([5_000]);
  });

  it('keeps its timer when something comes up that is less than a second earlier', async () => {
    const { clock, ranAt, housekeeping } = setUp();
    housekeeping.within(5_000);
    housekeeping.within(4_500);
    await clock.advance(100_000);

    expect(ranAt).toEqual([5_000]);
  });

  it('rests after a step that failed, until it is asked for again', async () => {
    const { clock, ranAt, housekeeping } = setUp(new Error('no'));
    housekeeping.within(10);
    await clock.advance(100_000);
    expect(clock.pending()).toBe(0);
    housekeeping.within(10);
    await clock.advance(10);

    expect(ranAt).toEqual([10, 100_010]);
  });

  it('waits on disposal for a step under way, and plans none after it', async () => {
    const clock = new ManualClock();
    let finish = (_restMs: number): void => undefined;
    const housekeeping = new Housekeeping(clock, () => new Promise((resolve) => (finish = resolve)));
    housekeeping.within(10);
    await clock.advance(10);
    let disposed = false;
    const disposal = housekeeping[Symbol.asyncDispose]().then(() => (disposed = true));
    await clock.advance(10);
    expect(disposed).toBe(false);

    finish(5);
    await disposal;
    housekeeping.within(10);
    expect(clock.pending()).toBe(0);
  });
});
