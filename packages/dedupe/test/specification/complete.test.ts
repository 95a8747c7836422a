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
  it.each(rows('DD', 16))('%s has a test', (id) => {
    expect(new RegExp(`'${id}(?:: |',)`).test(titles)).toBe(true);
  });

  it.each([30, 31, 32, 33])('invariant %i has a test', (number) => {
    expect(new RegExp(`'invariants? [^':]*\\b${number}\\b`).test(titles)).toBe(true);
  });
});
