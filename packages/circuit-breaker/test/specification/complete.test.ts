import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const tests = join(import.meta.dirname, '..');
const titles = globSync('**/*.{test,property,integration}.ts', { cwd: tests })
  .filter((file) => !file.endsWith('complete.test.ts'))
  .map((file) => readFileSync(join(tests, file), 'utf8'))
  .join('\n');

const numbered = (prefix: string, count: number, digits = 1): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index + 1).padStart(digits, '0')}`);

describe('the rows of the specification', () => {
  it.each([...numbered('T', 24), ...numbered('CB-', 38, 2), ...numbered('DS-', 5, 2)])(
    '%s has a test',
    (id) => {
      expect(new RegExp(`\\b${id}\\b`, 'u').test(titles)).toBe(true);
    },
  );

  it.each([...numbered('', 13), '36'])('invariant %s has a test', (number) => {
    expect(new RegExp(`\\binvariants? [^':]*\\b${number}\\b`, 'u').test(titles)).toBe(true);
  });
});
