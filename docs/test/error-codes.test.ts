import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { root } from './documents.ts';

const sources = globSync('packages/tiered-cache/src/**/*.ts', { cwd: root }).map((path) =>
  readFileSync(join(root, path), 'utf8'),
);
const codeOfClass = /readonly name = '(\w+)';\s+readonly code = '(ERR_CACHE_\w+)'/g;
const thrown = sources.flatMap((source) =>
  [...source.matchAll(codeOfClass)].map(([, name = '', code = '']) => ({ code, name })),
);

const guide = readFileSync(join(root, 'docs/guides/tiered-cache.md'), 'utf8');
const row = /^\| `(ERR_\w+)` `(\w+)`\s*\| ([^|]+?)\s*\| ([^|]+?)\s*\|$/gm;
const explained = [...guide.matchAll(row)].map(([, code = '', name = '']) => ({ code, name }));

const byCode = (one: { readonly code: string }, other: { readonly code: string }): number =>
  one.code.localeCompare(other.code);

describe('the error codes of the tiered cache', () => {
  it('are all found in its sources', () => {
    const named = new Set(sources.flatMap((source) => source.match(/'ERR_CACHE_\w+'/g) ?? []));

    expect(thrown.map(({ code }) => `'${code}'`).toSorted()).toEqual([...named].toSorted());
    expect(thrown.length).toBeGreaterThan(10);
  });

  it('stand in the guide, once each, with what has happened and what to do', () => {
    const ofTheCache = explained.filter(({ code }) => code.startsWith('ERR_CACHE_'));

    expect(ofTheCache.toSorted(byCode)).toEqual(thrown.toSorted(byCode));
  });
});
