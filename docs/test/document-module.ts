import * as reader from './reader.ts';

const importPattern = /^import (type )?(?:(\w+)|\{([^}]*)\}) from '([^']+)';$/gm;
const ofTheReader: readonly string[] = [...Object.keys(reader), 'type Order', 'type User'];

/**
 * Blocks of a document as one module: a reader goes from block to block and remembers what came before, so each block is
 * nested in the one above it. What they neither declare nor import is the reader's own code.
 *
 * The module exports `example(reached)`, which runs the blocks in their order and calls `reached` at the end of each.
 */
export function moduleOf(blocks: readonly string[]): string {
  const nested = blocks.reduceRight(
    (inner, block, index) => `{\n${block.replace(importPattern, '')}\nreached(${index});\n${inner}\n}`,
    '',
  );
  const example = `export async function example(reached: (block: number) => void) ${nested}`;
  return `${importsOf(blocks.join('\n'))}\n${example}\n`;
}

/** All imports of the document, each name once, and of the reader's code what the document does not import itself. */
function importsOf(code: string): string {
  const named = new Map<string, Set<string>>();
  const lines = new Set<string>();
  const taken = new Set<string>();
  for (const [line, type = '', whole, names = '', specifier = ''] of code.matchAll(importPattern)) {
    if (whole !== undefined) {
      lines.add(line);
      taken.add(whole);
      continue;
    }
    const known = named.get(specifier) ?? new Set();
    named.set(specifier, known);
    for (const imported of names.split(',').map((each) => each.trim())) {
      if (imported === '') continue;
      known.add(type + imported);
      taken.add(imported.replace(/^.* /, ''));
    }
  }
  const free = ofTheReader.filter((each) => !taken.has(each.replace('type ', '')));
  named.set('#reader', new Set(free));
  for (const [specifier, names] of named)
    lines.add(`import { ${[...names].join(', ')} } from '${specifier}';`);
  return [...lines].join('\n');
}
