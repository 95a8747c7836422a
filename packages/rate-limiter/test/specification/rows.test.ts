import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The rows of the specification's tables, by section: 16.1 layers, 16.2 time, 16.3 failures of the store, 16.4 memory,
 * 16.5 header fields. A test is titled by the row that it is about, so `16.1 global exhausted` finds it.
 */
const rows: Readonly<Record<string, readonly string[]>> = {
  '16.1': [
    '21st expensive call',
    'user exhausted by plain calls, then expensive',
    'unauthenticated',
    'global exhausted',
    'two limits deny at once',
    'cost 5 with 3 left',
    'cost over the capacity',
    'cost 0',
    'limit 0',
    'shadow limit over',
    '1000 parallel calls, limit 5',
    'same request twice',
    'script flushed',
    'failover',
    'limit lowered at run time',
  ],
  '16.2': [
    'client clocks ±10 min',
    'clock back 5 s',
    'server clock back 5 s',
    'clock forward 1 h',
    'server clock forward 1 h',
    'daylight saving',
    'window edge',
    'sub-second window',
    'window of a millisecond',
    'window of 30 days',
    'window of 366 days',
  ],
  '16.3': [
    'connection not ready',
    'budget exceeded',
    'late reply',
    'server killed',
    'server stopped',
    'server frozen',
    'cluster node frozen',
    'CLIENT PAUSE',
    'DEBUG SLEEP',
    'black-holed socket',
    'READONLY',
    'LOADING',
    'MOVED and ASK',
    'MOVED storm',
    'OOM',
    'BUSY',
    'NOPERM',
    'NOREPLICAS',
    'breaker open',
    'start without a server',
    'recovery',
    'onStoreError open',
    'onStoreError closed',
    'local share',
  ],
  '16.4': [
    '1 M distinct subjects',
    'local maps',
    'empty subject',
    'giant subject',
    'binary subject',
    'prototype-named subject',
    'subject of another language',
  ],
  '16.5': [
    'example of a normal answer',
    'example of an exceeded quota',
    'example of reduced capacity',
    'example of abnormal usage',
    'example of draft-6',
    'example of draft-7',
    'example of X-RateLimit',
    'names with quote, backslash, non-ASCII',
    'headers already sent',
    'HEAD, 304 and 3xx',
    'HTTP/2',
    'local source',
  ],
};

const count = (prefix: string, numbers: number): readonly string[] =>
  Array.from({ length: numbers }, (_, i) => `${prefix}${i + 1}`);

/** Properties. That the ratio `r`/`t` and `Retry-After` keep to the policy is invariant 16. */
const invariants = count('invariant ', 17);

/** What others were seen to do wrong. D14 and D15 are about load, and so the degradation's. */
const defects = count('D', 17).filter((each) => each !== 'D14' && each !== 'D15');

/** The code of all tests. */
const code = globSync('**/*.ts', { cwd: join(import.meta.dirname, '..') })
  .filter((path) => !path.endsWith('rows.test.ts'))
  .map((path) => readFileSync(join(import.meta.dirname, '..', path), 'utf8'))
  .join('\n');

/** What titles, or the rows of tables that make titles, begin with. */
function titled(pattern: RegExp): Set<string> {
  return new Set(Array.from(code.matchAll(pattern), ([, row = '']) => row));
}
const tested = titled(/'(16\.\d [^':]+)(?=:|',)/g);
const invariantsTested = new Set(
  Array.from(titled(/'(invariants? [\d and]+): /g)).flatMap((title) =>
    Array.from(title.matchAll(/\d+/g), ([number]) => `invariant ${number}`),
  ),
);

describe('the specification', () => {
  const all = Object.entries(rows).flatMap(([section, names]) => names.map((name) => `${section} ${name}`));

  it.each(all)('has a test of row %s', (row) => {
    expect(tested).toContain(row);
  });

  it('has no row but these', () => {
    expect([...tested].filter((row) => !all.includes(row))).toEqual([]);
  });

  it.each(invariants)('has a property test of %s', (invariant) => {
    expect(invariantsTested).toContain(invariant);
  });

  it.each(defects)('has a test of defect %s', (defect) => {
    expect(titled(/'(D\d+): /g)).toContain(defect);
  });
});
