import { describe, expect, it } from 'vitest';

import type { Place } from '../../src/memory/eviction/queue.ts';
import type { Placed } from '../../src/memory/eviction/record-table.ts';
import { S3FifoTable } from '../../src/memory/eviction/s3-fifo-table.ts';

class Row implements Placed<Row> {
  readonly name: string;
  spent: boolean = false;
  used: boolean = false;
  place: Place<Row> | undefined;

  constructor(name: string) {
    this.name = name;
  }
}

interface Setup {
  readonly maxEntries?: number;
  readonly maxBytes?: number;
}

/** A table of records named after their keys, and how often it asked whether one is spent. */
function setUp({ maxEntries = 100, maxBytes = 1_000_000 }: Setup = {}): {
  readonly table: S3FifoTable<Row>;
  readonly keys: () => readonly string[];
  readonly asked: () => number;
} {
  let asked = 0;
  const table = new S3FifoTable<Row>({ maxEntries, maxBytes }, ({ spent }) => {
    asked += 1;
    return spent;
  });
  return { table, keys: () => Array.from(table.entries(), ([key]) => key), asked: () => asked };
}

function fill(table: S3FifoTable<Row>, prefix: string, count: number, bytes = 1): readonly string[] {
  const names = Array.from({ length: count }, (_, index) => `${prefix} ${index}`);
  for (const name of names) table.set(name, new Row(name), bytes);
  return names;
}

describe('S3FifoTable', () => {
  it('keeps what is read again, however much is written once meanwhile', () => {
    const { table } = setUp();
    const popular = fill(table, 'popular', 60);
    for (const key of popular) table.get(key);
    fill(table, 'once', 10_000);

    expect(popular.filter((key) => table.peek(key) !== undefined)).toEqual(popular);
  });

  it('pushes out a newcomer that is not used before others that are', () => {
    const { table, keys } = setUp({ maxEntries: 3 });
    fill(table, 'key', 3);
    table.get('key 0');
    table.set('new', new Row('new'), 1);

    expect(keys()).toEqual(['key 0', 'new', 'key 2']);
  });

  it('looks at a record without counting it as a use', () => {
    const { table } = setUp({ maxEntries: 3 });
    fill(table, 'key', 3);
    expect(table.peek('key 0')?.name).toBe('key 0');
    table.set('new', new Row('new'), 1);

    expect(table.peek('key 0')).toBeUndefined();
  });

  it('trusts a key that comes back soon after it was pushed out', () => {
    const { table } = setUp();
    fill(table, 'first', 101);
    expect(table.peek('first 0')).toBeUndefined();
    table.set('first 0', new Row('back'), 1);
    fill(table, 'once', 1_000);

    expect(table.peek('first 0')?.name).toBe('back');
  });

  it('forgets a key that comes back late', () => {
    const { table } = setUp();
    fill(table, 'first', 101);
    fill(table, 'once', 1_000);
    table.set('first 0', new Row('back'), 1);
    fill(table, 'again', 1_000);

    expect(table.peek('first 0')).toBeUndefined();
  });

  it('keeps the standing of a key whose record was deleted and set again', () => {
    const { table } = setUp();
    fill(table, 'key', 100);
    table.get('key 0');
    table.delete('key 0');
    table.set('key 0', new Row('loaded again'), 1);
    fill(table, 'once', 1_000);

    expect(table.peek('key 0')?.name).toBe('loaded again');
  });

  it('gives a new record the standing of the one before it', () => {
    const { table } = setUp();
    fill(table, 'key', 100);
    table.get('key 0');
    fill(table, 'once', 200);
    table.set('key 0', new Row('newer'), 1);
    fill(table, 'more', 1_000);

    expect(table.peek('key 0')?.name).toBe('newer');
  });

  it('gives more room to newcomers where keys come back a few times and then never again', () => {
    const { table, keys } = setUp();
    const heldOfRecent = (): number => keys().filter((key) => key.startsWith('recent')).length;
    const popular = fill(table, 'popular', 100);
    for (const key of popular) table.get(key);
    fill(table, 'recent', 50);
    const before = heldOfRecent();
    for (let index = 0; index < 20_000; index += 1)
      for (const age of [0, 3, 6]) {
        const key = `session ${index - age}`;
        if (table.get(key) === undefined) table.set(key, new Row(key), 1);
      }
    fill(table, 'recent', 50);

    expect(before).toBeLessThan(5);
    expect(heldOfRecent()).toBeGreaterThan(before);
  });

  it('makes room for a large record by pushing out several small ones', () => {
    const { table, keys } = setUp({ maxBytes: 100 });
    fill(table, 'small', 10, 10);

    expect(table.set('large', new Row('large'), 75)).toBe(true);
    expect(keys()).toEqual(['large', 'small 9', 'small 8']);
    expect([table.size, table.bytes, table.evictions]).toEqual([3, 95, 8]);
  });

  it('does not let a large newcomer stay at the cost of what is proven', () => {
    const { table } = setUp({ maxEntries: 1_000, maxBytes: 4_000 });
    const popular = fill(table, 'popular', 380, 10);
    for (const key of popular) table.get(key);
    fill(table, 'once', 1_000, 10);
    table.set('large', new Row('large'), 400);
    fill(table, 'next', 2, 10);
    const held = popular.filter((key) => table.peek(key) !== undefined).length;
    fill(table, 'more', 20, 10);

    expect(table.peek('large')).toBeUndefined();
    expect(held).toBeGreaterThan(330);
    expect(popular.filter((key) => table.peek(key) !== undefined)).toHaveLength(held);
  });

  it.each([101, Number.NaN, Infinity])('keeps no record of %d bytes, nor what it replaces', (bytes) => {
    const { table } = setUp({ maxBytes: 100 });
    table.set('key', new Row('old'), 10);

    expect(table.set('key', new Row('new'), bytes)).toBe(false);
    expect([table.peek('key'), table.size, table.bytes, table.evictions]).toEqual([undefined, 0, 0, 0]);
  });

  it('pushes out a record that is spent, however popular it was', () => {
    const { table } = setUp();
    const popular = fill(table, 'popular', 99);
    for (const key of popular) table.get(key);
    const spent = table.get('popular 50');
    if (spent !== undefined) spent.spent = true;
    fill(table, 'once', 1);
    for (const key of fill(table, 'used', 60)) table.get(key);

    expect(table.peek('popular 50')).toBeUndefined();
    expect(table.peek('popular 49')).toBeDefined();
  });

  it('looks at 64 records at most for one that goes, also where all are in use', () => {
    const { table, asked, keys } = setUp({ maxEntries: 10_000 });
    for (const key of fill(table, 'key', 10_000)) table.get(key);
    fill(table, 'new', 200);
    const before = asked();
    for (const key of keys()) table.get(key);
    table.set('one more', new Row('one more'), 1);

    expect(table.size).toBe(10_000);
    expect(asked() - before).toBe(64);
  });

  it('lists the hottest first', () => {
    const { table, keys } = setUp({ maxEntries: 6 });
    fill(table, 'key', 6);
    for (const key of ['key 0', 'key 1', 'key 2']) table.get(key);
    fill(table, 'new', 2);
    table.get('key 1');
    table.get('new 0');

    expect(keys()).toEqual(['key 1', 'key 2', 'key 0', 'new 0', 'new 1', 'key 5']);
  });

  it('begins anew when it is cleared', () => {
    const { table, keys } = setUp({ maxEntries: 3 });
    for (const key of fill(table, 'key', 10)) table.get(key);
    table.clear();

    expect([table.size, table.bytes, table.ghosts, keys()]).toEqual([0, 0, 0, []]);
    fill(table, 'key', 4);
    expect(table.size).toBe(3);
  });

  it.each(['pushed out', 'replaced', 'deleted', 'cleared'])(
    'lets go of a record that was %s: who keeps it keeps nothing else',
    (how) => {
      const { table } = setUp({ maxEntries: 3 });
      const row = new Row('key');
      table.set('key', row, 1);
      expect(row.place).toBeDefined();
      if (how === 'pushed out') fill(table, 'once', 3);
      if (how === 'replaced') table.set('key', new Row('newer'), 1);
      if (how === 'deleted') table.delete('key');
      if (how === 'cleared') table.clear();

      expect(row.place).toBeUndefined();
    },
  );

  it('takes a record again that it holds already', () => {
    const { table } = setUp({ maxEntries: 3 });
    const row = new Row('key');
    table.set('key', row, 1);
    table.get('key');
    table.set('key', row, 2);
    fill(table, 'once', 3);

    expect([table.peek('key'), table.size, table.bytes]).toEqual([row, 3, 4]);
  });

  it('tells whether there was something to delete', () => {
    const { table } = setUp({ maxEntries: 3 });
    fill(table, 'key', 4);

    expect([table.delete('key 3'), table.delete('key 3'), table.delete('key 0')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
