import { Bulkhead, type Permit } from '@holdfast/bulkhead';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

/** A limit that finds itself in windows of exactly 100 ms. */
class Windows {
  readonly clock = new ManualClock();
  readonly bulkhead: Bulkhead;

  constructor(initial: number, probeIntervalMs = 100_000) {
    const limit = { initial, probeIntervalMs, windowMs: 100, minSamples: 10 };
    this.bulkhead = new Bulkhead({ limit, clock: this.clock });
  }

  /** A window with so many answers, each of which took so long, as many at once as the limit lets through. */
  pass(answers: number, tookMs: number, outcome: 'success' | 'overload' = 'success'): number {
    const endsAt = this.clock.now() + 100;
    for (let left = answers - 1; left > 0;) {
      const permits = this.#acquire(left);
      this.clock.advanceSync(tookMs);
      for (const permit of permits) permit.release(outcome);
      left -= permits.length;
    }
    // The last answer ends the window.
    this.clock.advanceSync(endsAt - tookMs - this.clock.now());
    const [last] = this.#acquire(1);
    this.clock.advanceSync(tookMs);
    last?.release('success');
    return this.bulkhead.limit;
  }

  /** So many windows of that kind. */
  passAll(times: number, answers: number, tookMs: number): readonly number[] {
    return Array.from({ length: times }, () => this.pass(answers, tookMs));
  }

  #acquire(count: number): readonly Permit[] {
    return Array.from({ length: count }, () => this.bulkhead.tryAcquire()).filter(
      (permit) => permit !== undefined,
    );
  }
}

/** Answers took 10 ms under 100, and take 40 ms under 200, of which the first probe has just taken half. */
function probing(probeIntervalMs?: number): Windows {
  const windows = new Windows(100, probeIntervalMs);
  expect([windows.pass(200, 10), windows.pass(201, 40)]).toEqual([200, 100]);
  return windows;
}

describe('limit: auto, window by window', () => {
  it.each([
    [24, 40],
    [23, 10],
  ])('doubles while the rate rises by a fifth, and probes after: %d answers after 20', (answers, limit) => {
    const windows = new Windows(10);

    expect(windows.pass(20, 10)).toBe(20);
    expect(windows.pass(answers, 10)).toBe(limit);
  });

  it('grows by no doubling any more once the rate has stopped rising', () => {
    const windows = probing();
    windows.pass(101, 24);

    expect(windows.pass(400, 10)).toBeLessThan(100);
  });

  it('ends a probe in which half as many take more than six tenths, and goes by what they take', () => {
    const windows = probing();

    // 1.5 times 2.01 answers per millisecond times 24 ms.
    expect(windows.pass(101, 24)).toBe(72);
  });

  it('halves again while half as many take less than six tenths, for three windows at most', () => {
    const windows = probing();

    expect([windows.pass(101, 23), windows.pass(51, 13), windows.pass(26, 7)]).toEqual([50, 25, 21]);
  });

  it('takes the least that was seen for the unloaded time where the third window of a probe still queued', () => {
    const windows = probing();
    windows.pass(101, 23);
    windows.pass(51, 13.5);

    // 1.5 times 2.01 answers per millisecond times 8 ms; in the beginning it was 10 ms.
    expect(windows.pass(26, 8)).toBe(24);
  });

  it('takes the least that was seen also where that was before the probe', () => {
    const windows = new Windows(100);
    expect([windows.pass(200, 4), windows.pass(201, 50)]).toEqual([200, 100]);
    windows.pass(101, 29);
    windows.pass(51, 17);

    // 1.5 times 2.01 answers per millisecond times 4 ms.
    expect(windows.pass(26, 10)).toBe(12);
  });

  it('compares each window of a probe with the one before it', () => {
    const windows = probing();
    windows.pass(101, 23);

    // Less than six tenths of 40 ms, but not of 23: 1.5 times 2.01 answers per millisecond times 15 ms.
    expect(windows.pass(51, 15)).toBe(45);
  });

  it.each([
    [4.9, 200],
    [5, 50],
  ])('goes back to where it was if answers take less than half the unloaded time: %d ms', (tookMs, limit) => {
    expect(probing().pass(101, tookMs)).toBe(limit);
  });

  it('goes half of the way to what is wanted, in a cycle of more and less, by the highest of the last eight rates', () => {
    const windows = probing();
    windows.pass(101, 24);

    // 72.4 is wanted until 2.01 answers per millisecond are too long ago, then 31 by the 0.86 of now.
    expect(windows.passAll(6, 86, 33)).toEqual([69, 71, 71, 72, 72, 81]);
    expect(windows.passAll(3, 86, 33)).toEqual([73, 52, 42]);
  });

  it.each([
    [39, 113],
    [40, 86],
  ])(
    'rises by a quarter while answers take up to 1.3 times the unloaded time: %d of 30 ms',
    (tookMs, limit) => {
      const windows = probing();
      windows.pass(101, 30);

      expect(windows.pass(91, tookMs)).toBe(limit);
    },
  );

  it('probes again when the interval since the end of the last probe is over', () => {
    const windows = probing(300);
    windows.pass(101, 24);

    expect(windows.passAll(3, 86, 33)).toEqual([69, 71, 35]);
  });

  it('doubles no more after a sign of overload', () => {
    const windows = new Windows(100);

    expect(windows.pass(200, 10, 'overload')).toBe(80);
    expect(windows.pass(400, 10)).toBe(40);
  });

  it('gives a probe up at a sign of overload', () => {
    const windows = probing();

    expect(windows.pass(101, 24, 'overload')).toBe(80);
    // The next one begins from there.
    expect(windows.pass(86, 24)).toBe(40);
  });

  it('takes a lower limit for reached while more run on than it allows', () => {
    const { bulkhead, clock } = new Windows(100);
    const permits = Array.from({ length: 100 }, () => bulkhead.tryAcquire());
    clock.advanceSync(100);
    for (const permit of permits.splice(0, 10)) permit?.release('overload');
    expect(bulkhead.limit).toBe(80);

    clock.advanceSync(100);
    for (const permit of permits.splice(0, 10)) permit?.release('success');

    // A probe begins, as it does only where the limit is reached.
    expect(bulkhead.limit).toBe(40);
  });

  it('learns in a probe nothing from what was asked before it', () => {
    const windows = new Windows(100);
    windows.pass(200, 10);
    const early = Array.from({ length: 20 }, () => windows.bulkhead.tryAcquire());
    expect(windows.pass(181, 40)).toBe(100);

    windows.clock.advanceSync(10);
    for (const permit of early) permit?.release('success');

    // 1.5 times 2 answers per millisecond times 24 ms, although the early ones took 110 ms.
    expect(windows.pass(101, 24)).toBe(72);
  });

  it('leaves the slowest tenth of the answers out of the mean', () => {
    const windows = new Windows(10);
    expect([windows.pass(20, 10), windows.pass(21, 10)]).toEqual([20, 10]);

    const hung = windows.bulkhead.tryAcquire();
    windows.clock.advanceSync(90);
    const others = Array.from({ length: 9 }, () => windows.bulkhead.tryAcquire());
    windows.clock.advanceSync(10);
    for (const permit of [hung, ...others]) permit?.release('success');

    // 1.5 times 0.21 answers per millisecond times 10 ms.
    expect(windows.bulkhead.limit).toBe(3);
  });

  it('counts all answers in the rate, and the first thousand of a window in the mean', () => {
    const windows = new Windows(1_000);
    expect([windows.pass(2_000, 10), windows.pass(2_100, 10)]).toEqual([1_000, 500]);

    for (const tookMs of [10, 10, 30]) {
      const permits = Array.from({ length: 500 }, () => windows.bulkhead.tryAcquire());
      windows.clock.advanceSync(tookMs);
      for (const permit of permits) permit?.release('success');
    }
    windows.clock.advanceSync(50);
    windows.bulkhead.tryAcquire()?.release('success');

    // 1.5 times 21 answers per millisecond times 10 ms.
    expect(windows.bulkhead.limit).toBe(315);
  });

  it('bears it when exactly 5 % of the answers are signs of overload', () => {
    const windows = new Windows(10);
    const permits = Array.from({ length: 10 }, () => windows.bulkhead.tryAcquire());
    permits.forEach((permit, index) => permit?.release(index === 0 ? 'overload' : 'success'));

    expect(windows.pass(10, 10)).toBe(20);
  });

  it('starts at its least where that is over a thousand', () => {
    expect(new Bulkhead({ limit: { min: 2_000 } }).limit).toBe(2_000);
  });

  it('surfaces what isOverload throws, learns nothing, and lets the caller have the error of the operation', async () => {
    const uncaught: unknown[] = [];
    const previous = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => uncaught.push(error));
    const bug = new Error('bug');
    const isOverload = (): never => {
      throw bug;
    };

    const clock = new ManualClock();
    const limit = { initial: 10, windowMs: 1, minSamples: 1 };
    const bulkhead = new Bulkhead({ limit, isOverload, clock });
    clock.advanceSync(1);

    await expect(bulkhead.execute(() => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(bulkhead.limit).toBe(10);
    await settle();
    process.removeAllListeners('uncaughtException');
    for (const listener of previous) process.on('uncaughtException', listener);
    expect(uncaught).toEqual([bug]);
  });
});
