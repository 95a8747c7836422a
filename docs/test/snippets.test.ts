import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { moduleOf } from './document-module.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'docs/.snippets');
const patterns = [
  'README.md',
  'packages/*/README.md',
  'examples/*/README.md',
  'docs/*.md',
  'docs/guides/*.md',
];
const fileOf = (document: string): string => `${document.replaceAll(/\W+/g, '-')}.ts`;

const modules = globSync(patterns, { cwd: root, exclude: ['packages/test-support/**'] })
  .toSorted()
  .map((document) => ({ document, code: moduleOf(readFileSync(join(root, document), 'utf8')) }))
  .filter(({ code }) => code !== undefined);

/** Type-checks every document's code as one module, which sees only `placeholders.d.ts` besides what it imports. */
function compile(): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const { document, code = '' } of modules) writeFileSync(join(folder, fileOf(document)), code);
  const compilerOptions = {
    noEmit: true,
    composite: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
  };
  const files = ['../test/placeholders.d.ts', ...modules.map(({ document }) => fileOf(document))];
  const config = { extends: '../../tsconfig.base.json', compilerOptions, files };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin/tsc',
  );
  return spawnSync(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' })
    .stdout;
}

describe('the examples in the documents', () => {
  let complaints: readonly string[] = [];
  beforeAll(() => {
    complaints = compile().split('\n');
  }, 60_000);

  it('are in the documents that people read first', () => {
    const documents = modules.map(({ document }) => document);

    expect(documents).toEqual(expect.arrayContaining(['README.md', 'packages/core/README.md']));
  });

  it.each(modules.map(({ document }) => document))('compile: %s', (document) => {
    expect(complaints.filter((line) => line.includes(`/${fileOf(document)}(`))).toEqual([]);
  });

  it('are all that was compiled', () => {
    expect(
      complaints.filter((line) => line.includes('error') && !line.startsWith('docs/.snippets/')),
    ).toEqual([]);
  });
});
