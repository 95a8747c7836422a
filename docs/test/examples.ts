import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { emitted, type Module } from './compiler.ts';
import { moduleOf } from './document-module.ts';
import { codeOf, documents } from './documents.ts';

/** What of a document is meant to run, as a module. */
export interface Example extends Module {
  readonly document: string;
  readonly blocks: number;
  readonly needsRedis: boolean;
}

/** What came of running one. */
export interface Outcome {
  readonly name: string;
  /** Numbers of the blocks that were run to their end. */
  readonly reached: readonly number[];
  readonly troubles: readonly string[];
}

export interface Surroundings {
  /** Takes the place of the address in the examples. */
  readonly redisUrl?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const redisAddress = /redis:\/\/localhost(?::6379)?/g;

export const examples: readonly Example[] = documents.flatMap((document) => {
  const blocks = codeOf(document).filter(({ mark }) => mark !== 'no-run');
  if (blocks.length === 0) return [];
  const code = moduleOf(blocks.map(({ text }) => text));
  const name = document.path.replaceAll(/\W+/g, '-');
  const needsRedis = code.search(redisAddress) !== -1;
  return [{ document: document.path, name, code, blocks: blocks.length, needsRedis }];
});

/** Runs examples in a process of their own, as a reader's program would: on Node.js alone, by the names of the packages. */
export async function run(
  folder: string,
  chosen: readonly Example[],
  { redisUrl, environment }: Surroundings = {},
): Promise<readonly Outcome[]> {
  const modules = chosen.map(({ name, code }) => ({
    name,
    code: redisUrl === undefined ? code : code.replaceAll(redisAddress, redisUrl),
  }));
  const out = emitted(folder, modules);
  const cwd = mkdtempSync(join(tmpdir(), 'holdfast-examples-'));
  const runner = join(import.meta.dirname, 'run-examples.ts');
  const files = modules.map(({ name }) => join(out, `${name}.js`));
  const options = { cwd, env: { PATH: process.env['PATH'], ...environment }, timeout: 60_000 };
  try {
    const printed = await new Promise<string>((resolve, reject) => {
      execFile(
        process.execPath,
        ['--conditions=@holdfast/source', runner, ...files],
        options,
        (error, stdout, stderr) => {
          if (error === null || stdout !== '') resolve(stdout);
          else reject(new Error(stderr, { cause: error }));
        },
      );
    });
    return printed
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Outcome);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** What is expected of an example that is as good as its document says. */
export function flawless({ name, blocks }: Example): Outcome {
  return { name, reached: [...Array(blocks).keys()], troubles: [] };
}
