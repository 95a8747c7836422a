import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

import * as breakers from '@holdfast/circuit-breaker';
import * as redis from '@holdfast/circuit-breaker/redis';
import * as core from '@holdfast/core';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const modules: Readonly<Record<string, object>> = {
  '@holdfast/circuit-breaker': breakers,
  '@holdfast/circuit-breaker/redis': redis,
  '@holdfast/core': core,
};

/** The reader's own code, and what it was asked for. */
const calls: string[] = [];
const reader = {
  id: '42',
  order: { id: '7', total: 1 },
  fetchInvoice: async (id: string) => ({ id: calls[calls.push(`invoice ${id}`) - 1] }),
  charge: async ({ id }: { readonly id: string }) => ({ id: calls[calls.push(`charge ${id}`) - 1] }),
  ask: async () => calls[calls.push('ask') - 1],
  pingDatabase: async () => void calls.push('ping'),
  log: Object.fromEntries(['info', 'warn', 'error'].map((level) => [level, () => undefined])),
};

/** A document's code as one function: a reader goes from block to block and remembers what came before. */
function programOf(document: string): () => Promise<void> {
  const markdown = readFileSync(join(root, document), 'utf8');
  const blocks = [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gmu)].map(([, code = '']) => code);
  const bodies = blocks.map((code) =>
    code.replaceAll(/^import (\{[^}]*\}) from '([^']+)';$/gmu, "const $1 = modules['$2'];"),
  );
  const nested = bodies.reduceRight((inner, body) => `{\n${body}\n${inner}\n}`, '');
  const source = stripTypeScriptTypes(`async function example() ${nested}`);
  const names = Object.keys(reader);
  // oxlint-disable-next-line typescript/no-implied-eval -- runs what readers are told to write
  const make = new Function('modules', ...names, `${source}\nreturn example;`) as (
    ...parameters: unknown[]
  ) => () => Promise<void>;
  return make(modules, ...Object.values(reader));
}

describe('the examples in the documents', () => {
  it.each([
    ['packages/circuit-breaker/README.md', ['invoice 42', 'charge 7', 'invoice 42']],
    ['docs/guides/circuit-breaker.md', ['invoice 42', 'invoice 42', 'ask', 'ping']],
  ])('run: %s', async (document, expected) => {
    calls.length = 0;

    await programOf(document)();

    expect(calls).toEqual(expected);
  });
});
