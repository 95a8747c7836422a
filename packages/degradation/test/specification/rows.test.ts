import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The rows of table 16.6 of the specification, scores and what comes of them. A test is titled by the row it is about. */
const rows = [
  '0.79 for ever',
  'one sample 1.0, rest 0.3',
  '0.80 × 4',
  'oscillating 0.78/0.82 for 60 s',
  '0.96 × 2 from normal',
  'critical then 0.2',
  'score jumps to 0.9 during probe of F2',
  'signal returns',
  '300 ms block across a sample boundary',
  'ELU 1.0 for a minute, queue wait 0, loop delay low',
  'ELU 1.0 and queue wait at its target',
  'timers paused (debugger, SIGSTOP) 30 s',
];

/** Properties. Those before are the rate limiter's. */
const invariants = [18, 19, 20, 21, 22, 23, 24];

/** What others were seen to do wrong. The other numbers are about rate limits. */
const defects = ['D14', 'D15'];

const code = globSync('**/*.ts', { cwd: join(import.meta.dirname, '..') })
  .filter((path) => !path.endsWith('rows.test.ts'))
  .map((path) => readFileSync(join(import.meta.dirname, '..', path), 'utf8'))
  .join('\n');

describe('the specification', () => {
  it.each(rows)('has a test of row 16.6 %s', (row) => {
    expect([`'16.6 ${row}`, `\`16.6 ${row}`].some((title) => code.includes(title))).toBe(true);
  });

  it('has no row but these', () => {
    const titled = Array.from(code.matchAll(/['`]16\.6 ([^'`]+)['`]/g), ([, row = '']) => row);

    expect(titled.filter((title) => !rows.some((row) => title.startsWith(row)))).toEqual([]);
  });

  it.each(invariants)('has a property test of invariant %i', (number) => {
    expect(code).toContain(`'invariant ${number}: `);
  });

  it.each(defects)('has a test of defect %s', (defect) => {
    expect(code).toContain(`'${defect}: `);
  });
});
