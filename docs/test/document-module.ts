const importPattern = /^import (?:type )?(?:(\w+)|\{([^}]*)\}) from '([^']+)';$/gm;

/**
 * The code of a document as one module: a reader goes from block to block and remembers what came before, so each block is
 * nested in the one above it. `undefined` for a document without code.
 */
export function moduleOf(markdown: string): string | undefined {
  const blocks = [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
  if (blocks.length === 0) return undefined;
  const bodies = blocks.map((code) => code.replace(importPattern, ''));
  const nested = bodies.reduceRight((inner, body) => `{\n${body}\n${inner}\n}`, '');
  return `${importsOf(blocks.join('\n'))}\nexport async function example() ${nested}\n`;
}

/** All imports of the document, each name once. */
function importsOf(code: string): string {
  const named = new Map<string, Set<string>>();
  const lines = new Set<string>();
  for (const [line, whole, names = '', specifier = ''] of code.matchAll(importPattern)) {
    if (whole !== undefined) {
      lines.add(line);
      continue;
    }
    const known = named.get(specifier) ?? new Set();
    named.set(specifier, known);
    for (const name of names.split(',')) if (name.trim() !== '') known.add(name.trim());
  }
  for (const [specifier, names] of named)
    lines.add(`import { ${[...names].join(', ')} } from '${specifier}';`);
  return [...lines].join('\n');
}
