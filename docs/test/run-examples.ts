// Runs modules of documents one after the other: node run-examples.ts <module> ... Prints a line of JSON for each.
import { mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Outcome } from './examples.ts';

interface Example {
  example(reached: (block: number) => void): Promise<void>;
}

const start = process.cwd();
let troubles: string[] = [];
const note = (error: unknown): void =>
  void troubles.push(error instanceof Error ? String(error.stack) : String(error));
process.on('unhandledRejection', note);
process.on('uncaughtException', note);

for (const module of process.argv.slice(2)) {
  const name = basename(module, '.js');
  const reached: number[] = [];
  troubles = [];
  // Files are in a folder of the document's own.
  process.chdir(start);
  mkdirSync(name);
  process.chdir(name);
  try {
    const document = (await import(pathToFileURL(module).href)) as Example;
    await document.example((block) => reached.push(block));
  } catch (error) {
    note(error);
  }
  // What nobody has waited for may still be rejected.
  await new Promise((resolve) => setImmediate(resolve));
  const outcome: Outcome = { name, reached, troubles };
  console.log(JSON.stringify(outcome));
}
// What an example opens, its reader closes elsewhere.
process.exit();
