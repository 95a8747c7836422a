import { readdirSync, readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

/** A Markdown file of an installed package. */
export interface DocumentFile {
  readonly package: string;
  /** Inside the package, with `/`, such as `docs/Reference/Hooks.md`. */
  readonly path: string;
  readonly text: string;
}

/** The documentation that the two packages ship to their users; both are MIT-licensed. */
const shipped = [
  { package: 'fastify', folders: ['docs/Guides', 'docs/Reference'] },
  { package: 'undici', folders: ['docs/docs'] },
] as const;

/** The files as they are installed here, in the order of their paths. */
export function readDocuments(): readonly DocumentFile[] {
  return shipped.flatMap(({ package: name, folders }) => {
    const root = rootOf(name);
    return folders
      .flatMap((folder) => markdownIn(root, folder))
      .map((path) => ({
        package: name,
        path,
        text: readFileSync(join(root, path), 'utf8'),
      }));
  });
}

function rootOf(name: string): string {
  const manifest = findPackageJSON(name, import.meta.url);
  if (manifest === undefined) throw new Error(`${name} is not installed`);
  return dirname(manifest);
}

function markdownIn(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .toSorted();
}
