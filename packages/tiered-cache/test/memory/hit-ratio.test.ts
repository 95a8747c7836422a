import { describe, expect, it } from 'vitest';

import { LruTable } from '../../src/memory/eviction/lru-table.ts';
import type { Place } from '../../src/memory/eviction/queue.ts';
import type { Placed, RecordTable, TableBounds } from '../../src/memory/eviction/record-table.ts';
import { S3FifoTable } from '../../src/memory/eviction/s3-fifo-table.ts';

const keys = 10_000;
const asks = 200_000;
const bounds: TableBounds = { maxEntries: 1_000, maxBytes: 1_000_000 };

class Row implements Placed<Row> {
  used: boolean = false;
  place: Place<Row> | undefined;
}

/** Numbers from 0 to 1, the same ones each time (Park and Miller, 1988). */
function randomness(): () => number {
  let state = 42;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** A key's number by Zipf's law with exponent 1: the first is asked for most. */
function popular(random: () => number): number {
  return Math.floor(keys ** random()) - 1;
}

const loads: Record<string, (ask: number, random: () => number) => string> = {
  'a skewed load': (_ask, random) => `key ${popular(random)}`,
  'a skewed load with scans': (ask, random) =>
    ask % 5_000 < 3_000 ? `key ${popular(random)}` : `scan ${ask}`,
  'a skewed load whose favourites change': (ask, random) =>
    `key ${(popular(random) + Math.floor(ask / 20_000) * 500) % keys}`,
  'a loop that does not fit': (ask) => `key ${ask % 1_500}`,
};

function hitRatio(table: RecordTable<Row>, load: (ask: number, random: () => number) => string): number {
  const random = randomness();
  let hits = 0;
  for (let ask = 0; ask < asks; ask += 1) {
    const key = load(ask, random);
    if (table.get(key) === undefined) table.set(key, new Row(), 1);
    else hits += 1;
  }
  return hits / asks;
}

describe('the policy s3-fifo', () => {
  it.each([
    ['a skewed load', 0.04],
    ['a skewed load with scans', 0.05],
    ['a skewed load whose favourites change', 0.02],
    ['a loop that does not fit', 0.4],
  ])('answers more of %s than lru, by %d of the reads at least', (name, more) => {
    const load = loads[name] ?? (() => '');
    const [s3Fifo, lru] = [
      hitRatio(new S3FifoTable<Row>(bounds, () => false), load),
      hitRatio(new LruTable<Row>(bounds), load),
    ];

    expect(s3Fifo - lru).toBeGreaterThan(more);
  });

  it('answers hardly less than lru where each key is popular for a while and then never again', () => {
    const sessions = Array.from({ length: 900 }, (_, index) => index);
    let next = sessions.length;
    const load = (_ask: number, random: () => number): string => {
      const session = Math.floor(random() * sessions.length);
      const key = sessions[session];
      if (random() < 0.1) sessions[session] = next++;
      return `session ${key}`;
    };
    const s3Fifo = hitRatio(new S3FifoTable<Row>(bounds, () => false), load);
    const lru = hitRatio(new LruTable<Row>(bounds), load);

    expect(lru - s3Fifo).toBeLessThan(0.015);
  });
});
