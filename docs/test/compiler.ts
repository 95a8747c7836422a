import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { root } from './documents.ts';

/** A module of generated code. */
export interface Module {
  readonly name: string;
  readonly code: string;
}

const snippets = join(root, 'docs/.snippets');
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

/** What the compiler says against the modules, under the options of the repository, line for line. */
export function complaintsAbout(modules: readonly Module[]): readonly string[] {
  return compile('checked', modules, { noEmit: true }).split('\n');
}

/** The modules as JavaScript that the oldest supported Node.js runs, unchecked; the folder that they are in. */
export function emitted(folder: string, modules: readonly Module[]): string {
  const outDir = join(snippets, folder, 'out');
  const complaints = compile(folder, modules, { noCheck: true, noResolve: true, outDir });
  if (complaints !== '') throw new Error(complaints);
  return outDir;
}

function compile(folder: string, modules: readonly Module[], options: object): string {
  const inside = join(snippets, folder);
  rmSync(inside, { recursive: true, force: true });
  mkdirSync(inside, { recursive: true });
  for (const { name, code } of modules) writeFileSync(join(inside, `${name}.ts`), code);
  const always = {
    declaration: false,
    composite: false,
    declarationMap: false,
    isolatedDeclarations: false,
    noUnusedLocals: false,
  };
  const config = {
    extends: '../../../tsconfig.base.json',
    compilerOptions: { ...always, incremental: false, ...options },
    files: modules.map(({ name }) => `${name}.ts`),
  };
  writeFileSync(join(inside, 'tsconfig.json'), JSON.stringify(config));
  return spawnSync(process.execPath, [compiler, '-p', inside, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  }).stdout;
}
