import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidOptionError } from '@holdfast/core';
import { describe, expect, it } from 'vitest';

/** What JavaScript may pass, and what TypeScript would refuse. */
const wrong: readonly unknown[] = [undefined, null, 7, 'text', []];

/** Made by other classes only. */
const internal: ReadonlySet<string> = new Set(['Decision', 'DefinedCache']);

type Class = new (...values: readonly unknown[]) => object;

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, { readonly '@holdfast/source'?: string }>>;
}

const root = join(import.meta.dirname, '../..');

function entryPoints(): readonly [name: string, file: string][] {
  return globSync('packages/*/package.json', { cwd: root }).flatMap((path) => {
    const { name, exports } = JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest;
    return Object.entries(exports).flatMap(([subpath, { '@holdfast/source': source }]): [string, string][] =>
      source === undefined ? [] : [[name + subpath.slice(1), join(root, path, '..', source)]],
    );
  });
}

function isClass(value: unknown): value is Class {
  return typeof value === 'function' && value.toString().startsWith('class');
}

async function classesOf(file: string): Promise<readonly [string, Class][]> {
  const exported = (await import(file)) as Readonly<Record<string, unknown>>;
  return Object.entries(exported).filter(
    (entry): entry is [string, Class] =>
      isClass(entry[1]) && !(entry[1].prototype instanceof Error) && !internal.has(entry[0]),
  );
}

/** What is thrown that is no error of an option, in words. */
function namelessFailureOf(make: () => object): string | undefined {
  try {
    make();
  } catch (error) {
    if (error instanceof InvalidOptionError) return undefined;
    return error instanceof Error ? `${error.name}: ${error.message}` : 'what is no error';
  }
  return undefined;
}

describe('a constructor that is given something else', () => {
  it.each(entryPoints())('of %s names what is wrong, if that is wrong', async (_, file) => {
    const nameless: string[] = [];
    for (const [name, Class] of await classesOf(file))
      for (const value of wrong) {
        const failure = namelessFailureOf(() => new Class(value));
        if (failure !== undefined) nameless.push(`new ${name}(${JSON.stringify(value)}): ${failure}`);
      }

    expect(nameless).toEqual([]);
  });
});
