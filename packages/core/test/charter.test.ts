import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('..', import.meta.url).pathname;
const files = globSync('src/**/*.ts', { cwd: root });
const lines = (file: string): string[] => readFileSync(root + file, 'utf8').split('\n');

// Why core has a charter: docs/decisions/0004-core-charter.md.
describe('the charter of core', () => {
  it('has at most 10 source files', () => {
    expect(files.length).toBeLessThanOrEqual(10);
  });

  it('has at most 530 lines of code', () => {
    const code = files.flatMap(lines).filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line));

    expect(code.length).toBeGreaterThan(100);
    expect(code.length).toBeLessThanOrEqual(530);
  });

  it('depends on nothing', () => {
    const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Record<string, unknown>;

    for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies'])
      expect(manifest).not.toHaveProperty(kind);
  });

  it('imports only its own files, and nothing of Node.js', () => {
    const imports = files.flatMap(lines).flatMap((line) => /from '([^']+)'/.exec(line)?.[1] ?? []);

    expect(imports.length).toBeGreaterThan(5);
    expect(imports.filter((specifier) => !/^\.\/[\w-]+\.ts$/.test(specifier))).toEqual([]);
  });
});
