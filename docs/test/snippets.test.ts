import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'docs/.snippets');
const documents = globSync(
  ['README.md', 'packages/*/README.md', 'examples/*/README.md', 'docs/*.md', 'docs/guides/*.md'],
  {
    cwd: root,
  },
).toSorted();

interface Snippet {
  readonly name: string;
  readonly code: string;
}

/** Every block fenced as ```ts, named by its document and line. */
function snippetsOf(document: string): Snippet[] {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(({ 1: code = '', index }) => ({
    name: `${document.replaceAll(/\W+/g, '-')}-line-${text.slice(0, index).split('\n').length}.ts`,
    code,
  }));
}

describe('the examples in the documents', () => {
  const snippets = documents.flatMap(snippetsOf);
  let complaints = '';

  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const { name, code } of snippets) writeFileSync(join(folder, name), `${code}\nexport {};\n`);
    const compilerOptions = {
      noEmit: true,
      composite: false,
      noUnusedLocals: false,
      isolatedDeclarations: false,
    };
    const files = ['../test/placeholders.d.ts', ...snippets.map(({ name }) => name)];
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions, files }),
    );

    const compiler = join(
      dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
      'bin/tsc',
    );
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
    });
    complaints = stdout;
  }, 60_000);

  it('are found', () => {
    expect(snippets.length).toBeGreaterThan(5);
  });

  it.each(snippets.map(({ name }) => name))('compile: %s', (name) => {
    const own = complaints.split('\n').filter((line) => line.includes(name));

    expect(own).toEqual([]);
  });
});
