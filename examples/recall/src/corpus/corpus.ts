import { posix } from 'node:path';

import type { ItemDraft } from '../domain/model.ts';
import { type DocumentFile, readDocuments } from './files.ts';
import { type MarkdownSection, parseMarkdown } from './markdown.ts';

/** A piece of documentation: one item. */
export interface Section {
  /** Unique, such as `fastify/docs/Reference/Hooks.md#onrequest`. */
  readonly source: string;
  readonly package: string;
  /** The source without the fragment. */
  readonly file: string;
  readonly title: string;
  readonly body: string;
  readonly kind: 'guide' | 'reference';
  readonly tags: readonly string[];
  /** Sources of the sections that this one links to, in the order of the text. */
  readonly links: readonly string[];
}

export interface Corpus {
  /** In the order of files, and of the text within a file. */
  readonly sections: readonly Section[];
  readonly files: number;
  /** UTF-8 bytes of all titles and bodies. */
  readonly bytes: number;
}

/** Fewer letters than this are a heading without text of its own, or a lone table of contents entry. */
const minLetters = 40;

/** The installed documentation as sections. Deterministic: the same packages give the same corpus. */
export function loadCorpus(files: readonly DocumentFile[] = readDocuments()): Corpus {
  const documents = files.map(parsed);
  const targets = new Map(documents.flatMap(({ targets: own }) => [...own]));
  const sections = documents.flatMap(({ drafts }) => drafts.map((draft) => linked(draft, targets)));
  const bytes = sections.reduce(
    (sum, { title, body }) => sum + Buffer.byteLength(title) + Buffer.byteLength(body),
    0,
  );
  return { sections, files: files.length, bytes };
}

/** The section as a user would save it. */
export const draftOf = ({ kind, title, body, tags, source, links }: Section): ItemDraft => ({
  kind,
  title,
  body,
  tags,
  source,
  links,
});

type SectionDraft = Omit<Section, 'links'> & { readonly targets: readonly string[] };

interface ParsedDocument {
  readonly drafts: readonly SectionDraft[];
  /** Which section a link ends at, by `file` or `file#anchor`. */
  readonly targets: ReadonlyMap<string, string>;
}

function parsed(document: DocumentFile): ParsedDocument {
  const file = `${document.package}/${document.path}`;
  const drafts: SectionDraft[] = [];
  const targets = new Map<string, string>();
  const titles = new Set<string>();
  const path: string[] = [];
  // A link to a heading without text leads to the next section with text.
  let waiting: string[] = [file];
  for (const section of parseMarkdown(document.text)) {
    path.length = Math.min(path.length, Math.max(section.level - 1, 0));
    path[Math.max(section.level - 1, 0)] = section.heading;
    waiting.push(...section.anchors.map((anchor) => `${file}#${anchor}`));
    if (section.body.replaceAll(/\P{L}/gu, '').length < minLetters) continue;
    const draft = draftFor(document, section, uniqueTitle(document.path, path, titles));
    drafts.push(draft);
    for (const target of waiting) if (!targets.has(target)) targets.set(target, draft.source);
    waiting = [];
  }
  return { drafts, targets };
}

function draftFor(document: DocumentFile, section: MarkdownSection, title: string): SectionDraft {
  const file = `${document.package}/${document.path}`;
  const [slug] = section.level === 0 ? [] : section.anchors;
  return {
    source: slug === undefined ? file : `${file}#${slug}`,
    package: document.package,
    file,
    title,
    body: section.body,
    kind: /\/(?:api|Reference)\//.test(document.path) ? 'reference' : 'guide',
    tags: [document.package, fileName(document.path).toLowerCase().replaceAll(' ', '-')],
    targets: section.links.map((link) => targetOf(file, link)).filter((target) => target !== undefined),
  };
}

const fileName = (path: string): string => posix.basename(path, '.md').replaceAll('-', ' ');

/** `File › Heading`; where that is taken, the headings above it come in between. */
function uniqueTitle(path: string, headings: readonly string[], titles: Set<string>): string {
  const file = fileName(path);
  const own = headings.filter((heading) => heading !== '' && heading.toLowerCase() !== file.toLowerCase());
  let title = file;
  for (let depth = Math.min(1, own.length); depth <= own.length; depth += 1) {
    title = [file, ...own.slice(own.length - depth)].join(' › ');
    if (!titles.has(title)) break;
  }
  titles.add(title);
  return title;
}

/** A link inside the documentation as `file` or `file#anchor`; `undefined` for one that leads out. */
function targetOf(file: string, link: string): string | undefined {
  if (/^(?:[a-z][a-z\d+.-]*:|\/)/i.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : posix.join(posix.dirname(file), path);
  return anchor === undefined || anchor === ''
    ? target
    : `${target}#${decodeURIComponent(anchor).toLowerCase()}`;
}

function linked(
  { targets: written, ...section }: SectionDraft,
  targets: ReadonlyMap<string, string>,
): Section {
  const links = new Set<string>();
  for (const target of written) {
    // A page whose anchor went away is still the right page.
    const source = targets.get(target) ?? targets.get(target.split('#', 1)[0] ?? '');
    if (source !== undefined && source !== section.source) links.add(source);
  }
  return { ...section, links: [...links] };
}
