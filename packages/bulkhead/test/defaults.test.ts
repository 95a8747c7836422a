import { Bulkhead, type BulkheadOptions } from '@holdfast/bulkhead';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { type Facts, play } from './script.ts';

const queue: BulkheadOptions = { limit: 1, maxQueued: 20 };

const rows: readonly (readonly [
  what: string,
  options: BulkheadOptions,
  script: string,
  facts: Partial<Facts>,
])[] = [
  ['has no queue', { limit: 1 }, 'a b', { ended: 'b:full' }],
  ['lets a wait last', queue, 'a b +86400000', { queued: 1, ended: '' }],
  ['finds a wait of 100 ms fine', queue, 'a b +100 c +500 d', { queued: 3, ended: '' }],
  ['finds no longer wait fine', queue, 'a b +101 c +500 d', { queued: 2, ended: 'b:shed' }],
  ['waits 500 ms before it takes the queue for a standing one', queue, 'a b +101 c +499 d', { ended: '' }],
  ['sheds nobody who has waited 500 ms', queue, 'a b +101 c +399 d +101 e', { queued: 3, ended: 'b:shed' }],
  [
    'gives a lower criticality every tenth slot',
    queue,
    'r a-sheddable b c d e f g h i j k l r. b. c. d. e. f. g. h. i. j. a.',
    { started: 'rbcdefghijak' },
  ],
  ['gives each tenant one slot in a round', queue, 'r aA bA cB dB r. a. c. b.', { started: 'racbd' }],
];

/** Takes all slots, and gives them back after so long. @returns The limit that it then has. */
function round(bulkhead: Bulkhead, clock: ManualClock, tookMs: number): number {
  const permits = Array.from({ length: bulkhead.limit }, () => bulkhead.tryAcquire());
  clock.advanceSync(tookMs);
  for (const permit of permits) permit?.release('success');
  return bulkhead.limit;
}

describe('a Bulkhead that was told no more than its limit', () => {
  it.each(rows)('%s', async (_what, options, script, facts) => {
    expect(await play(options, script)).toMatchObject(facts);
  });

  it.each([
    [29, 250, 29],
    [30, 249, 30],
    [30, 250, 60],
  ])('looks at its limit after 30 answers and 250 ms: %d in %d ms', (initial, tookMs, limit) => {
    const clock = new ManualClock();

    expect(round(new Bulkhead({ limit: { initial }, clock }), clock, tookMs)).toBe(limit);
  });

  it.each([
    [9_999, 43],
    [10_000, 23],
  ])('probes for the unloaded time every ten seconds: after %d ms', (sinceLastMs, limit) => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead({ limit: { initial: 40 }, clock });
    const limits = [250, 250, 250].map((tookMs) => round(bulkhead, clock, tookMs));
    // The second half of that is the first probe.
    expect(limits).toEqual([80, 40, 45]);

    expect(round(bulkhead, clock, sinceLastMs)).toBe(limit);
  });
});
