import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const tests = join(import.meta.dirname, '..');
const titles = globSync('**/*.{test,property}.ts', { cwd: tests })
  .filter((file) => !file.endsWith('complete.test.ts'))
  .map((file) => readFileSync(join(tests, file), 'utf8'))
  .join('\n');

const rows = (table: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${table}-${String(index + 1).padStart(2, '0')}`);

describe('the rows of the specification', () => {
  it.each([...rows('BH', 17), ...rows('AL', 10)])('%s has a test', (id) => {
    expect(new RegExp(`'${id}(?:: |',)`).test(titles)).toBe(true);
  });

  it.each([14, 15, 16, 17, 18, 19, 20])('invariant %i has a test', (number) => {
    expect(new RegExp(`'invariants? [^':]*\\b${number}\\b`).test(titles)).toBe(true);
  });
});
