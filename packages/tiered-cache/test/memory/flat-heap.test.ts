import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';

import type { Place } from '../../src/memory/eviction/queue.ts';
import type { Placed } from '../../src/memory/eviction/record-table.ts';
import { MemoryTable } from '../../src/memory/memory-table.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

class Row implements Placed<Row> {
  readonly value: number;
  used: boolean = false;
  place: Place<Row> | undefined;

  constructor(value: number) {
    this.value = value;
  }
}

/** Sets keys, of which a third is read and every tenth deleted; none comes twice. */
function churn(table: MemoryTable<Row>, from: number, count: number): void {
  for (let number = from; number < from + count; number += 1) {
    const key = `key ${number}`;
    table.set(key, new Row(number));
    if (number % 3 === 0) table.get(key);
    if (number % 10 === 0) table.delete(key);
  }
}

describe.each(['s3-fifo', 'lru'] as const)('a table with the policy %s', (eviction) => {
  it('takes no more memory after a million entries than before', { timeout: 60_000 }, () => {
    const table = new MemoryTable<Row>({
      maxEntries: 1_000,
      maxBytes: 64 * 1024 * 1024,
      sizeOf: () => 8,
      eviction,
    });
    churn(table, 0, 20_000);
    const before = heapBytes();
    churn(table, 20_000, 1_000_000);
    const grown = heapBytes() - before;

    expect(table.size).toBe(1_000);
    expect(grown).toBeLessThan(512 * 1024);
  });

  it(
    'takes no more memory than its bound on bytes allows, keys and bookkeeping included',
    { timeout: 60_000 },
    () => {
      const maxBytes = 16 * 1024 * 1024;
      const before = heapBytes();
      const table = new MemoryTable<Row>({ maxEntries: 100_000, maxBytes, sizeOf: undefined, eviction });
      churn(table, 0, 100_000);

      expect(heapBytes() - before).toBeLessThan(maxBytes);
      expect(table.bytes).toBeGreaterThan(0.99 * maxBytes);
    },
  );
});
