import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url));
const core = fileURLToPath(new URL('../../core/src/index.ts', import.meta.url));

/** Everything that a file imports, and what that imports in turn: files of ours, and names of others. */
function importsOf(file: string, found = new Set<string>()): Set<string> {
  const code = readFileSync(file, 'utf8');
  for (const [, specifier = ''] of code.matchAll(/^(?:(?:import|export)\b[^'\n]*|\}) from '([^']+)'/gm)) {
    const target = specifier.startsWith('.')
      ? fileURLToPath(new URL(specifier, `file://${file}`))
      : specifier === '@holdfast/core'
        ? core
        : specifier;
    if (found.has(target)) continue;
    found.add(target);
    if (target.startsWith('/')) importsOf(target, found);
  }
  return found;
}

const foreign = (entry: string): string[] =>
  [...importsOf(source(entry))].filter((target) => !target.startsWith('/'));

describe('what front ends load', () => {
  it.each([
    ['index.ts', []],
    ['fetch.ts', []],
    ['react.ts', ['react']],
  ])('%s imports nothing of Node.js', (entry, expected) => {
    expect(foreign(entry)).toEqual(expected);
  });

  it('has no import that the test cannot see', () => {
    const files = [...importsOf(source('fetch.ts')), ...importsOf(source('react.ts')), core];

    for (const file of files.filter((target) => target.startsWith('/')))
      expect(readFileSync(file, 'utf8')).not.toMatch(/\bimport\s*[('"]|\brequire\b|getBuiltinModule/);
  });

  it('is told from what servers load', () => {
    expect(foreign('express.ts')).toEqual(expect.arrayContaining(['node:http', 'node:crypto']));
  });
});
