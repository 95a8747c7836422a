import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** How many rows each table of the specification has. */
const tables = { RT: 19, TO: 14, HG: 10, FB: 4, CH: 2, PI: 6, EV: 5 };

/**
 * Rows that say nothing about this package.
 *
 * RT-04: no exclusion outranks an inclusion, because one predicate, `isRetryable`, decides.
 * EV-03: bounds of histograms belong to the metrics package.
 * EV-04: so do the names and the number of what it labels; statistics here have fixed fields and no labels.
 *
 * Of others a part is left out or is decided otherwise:
 *
 * RT-05: a pause that could not end in time is not shortened: the call fails at once.
 * RT-09: there is no switch; an operation that wants no `Retry-After` to be heeded throws an error without `retryAfterMs`.
 * RT-17: a listener that throws is no part of a call: its error surfaces by itself.
 * TO-08: a call sets its own time by `deadlineMs`.
 * TO-13: nothing is shed early: what is left of a deadline is not compared with how long operations take.
 */
const notHere = new Set(['RT-04', 'EV-03', 'EV-04']);

const rows = Object.entries(tables)
  .flatMap(([table, size]) =>
    Array.from({ length: size }, (_, index) => `${table}-${String(index + 1).padStart(2, '0')}`),
  )
  .filter((row) => !notHere.has(row));

const code = globSync('**/*.{test,property,integration}.ts', { cwd: import.meta.dirname })
  .filter((path) => basename(path) !== basename(import.meta.filename))
  .map((path) => readFileSync(join(import.meta.dirname, path), 'utf8'))
  .join('\n');

/** The row that each test of this package, or each line of a table of tests, says it is about. */
const titled = new Set(Array.from(code.matchAll(/'([A-Z]{2}-\d{2})(?:: |',)/g), ([, row]) => row));

/** Invariants of retry, budget, hedge, timeout and pipeline; those of the policies themselves are tested beside them. */
const invariants = [21, 22, 23, 24, 25, 26, 27, 28, 29, 34, 35, 36, 37, 38, 39, 40];

describe('the rows of the specification', () => {
  it.each(rows)('%s has a test', (row) => {
    expect(titled).toContain(row);
  });

  it.each(invariants)('invariant %i has a test', (number) => {
    expect(new RegExp(`'invariants? [^':]*\\b${number}\\b`).test(code)).toBe(true);
  });

  it('has no test of a row that there is not', () => {
    expect([...titled].filter((row) => !rows.includes(row ?? ''))).toEqual([]);
  });
});
