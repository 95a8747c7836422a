import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A fenced block of a document. */
export interface Fence {
  readonly language: string;
  /** What follows the language: `no-run` for code that is not meant to run as it stands. */
  readonly mark: string;
  readonly text: string;
}

/** A Markdown file of the repository. */
export interface Document {
  readonly path: string;
  readonly fences: readonly Fence[];
}

export const root: string = join(import.meta.dirname, '../..');

const patterns = [
  'README.md',
  'packages/*/README.md',
  'examples/*/README.md',
  'docs/*.md',
  'docs/{guides,decisions}/*.md',
  'benchmarks/README.md',
];

const fence = /^```(\S*) ?([^\n]*)\n([\s\S]*?)^```$/gm;

/** What a reader of the project comes upon. */
export const documents: readonly Document[] = globSync(patterns, { cwd: root })
  .toSorted()
  .map((path) => ({ path, fences: fencesOf(readFileSync(join(root, path), 'utf8')) }));

export function fencesOf(markdown: string): readonly Fence[] {
  return [...markdown.matchAll(fence)].map(([, language = '', mark = '', text = '']) => ({
    language,
    mark,
    text,
  }));
}

/** The code of a document, block for block. */
export function codeOf({ fences }: Document): readonly Fence[] {
  return fences.filter(({ language }) => language === 'ts' || language === 'js');
}
