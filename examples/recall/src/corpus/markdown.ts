/** A heading with the text up to the next heading of any level. */
export interface MarkdownSection {
  /** 1 to 6; 0 for text before the first heading. */
  readonly level: number;
  /** Without mark-up; empty at level 0. */
  readonly heading: string;
  /** By what a link may point here: the heading's slug first, then explicit anchors. */
  readonly anchors: readonly string[];
  readonly body: string;
  /** Where the text links to, as it is written, in order. */
  readonly links: readonly string[];
}

/** The sections of a Markdown text, in order. Code blocks are text in which nothing is a heading, an anchor or a link. */
export function parseMarkdown(markdown: string): readonly MarkdownSection[] {
  const definitions = new Map<string, string>();
  const drafts: Draft[] = [{ level: 0, heading: '', lines: [] }];
  for (const line of linesOf(markdown)) {
    const definition = line.code ? undefined : /^ {0,3}\[([^\]]+)\]:\s*<?([^\s>]+)>?/.exec(line.text);
    const heading = line.code ? undefined : /^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$/.exec(line.text);
    if (definition) definitions.set(label(definition[1] ?? ''), definition[2] ?? '');
    else if (heading)
      drafts.push({ level: (heading[1] ?? '').length, heading: plain(heading[2] ?? ''), lines: [] });
    else drafts.at(-1)?.lines.push(line);
  }
  const slugs = new Map<string, number>();
  return drafts.map((draft) => finished(draft, slugs, definitions));
}

interface Line {
  readonly text: string;
  readonly code: boolean;
}

interface Draft {
  readonly level: number;
  readonly heading: string;
  readonly lines: Line[];
}

/** Lines outside comments, each with whether it is code. */
function* linesOf(markdown: string): Generator<Line> {
  let fence: string | undefined;
  let comment = false;
  for (const text of markdown.split(/\r?\n/)) {
    const mark = /^ *(`{3,}|~{3,})/.exec(text)?.[1];
    if (fence !== undefined) {
      yield { text, code: true };
      if (mark?.startsWith(fence) && text.trim() === mark) fence = undefined;
    } else if (comment || text.trimStart().startsWith('<!--')) {
      comment = !text.includes('-->');
    } else {
      if (mark !== undefined) fence = mark;
      yield { text, code: mark !== undefined };
    }
  }
}

function finished(
  { level, heading, lines }: Draft,
  slugs: Map<string, number>,
  definitions: ReadonlyMap<string, string>,
): MarkdownSection {
  const prose = lines.filter(({ code }) => !code).map(({ text }) => text);
  const explicit = prose.flatMap((text) => [...text.matchAll(/<a (?:id|name)="([^"]+)"/g)]);
  const slug = level === 0 ? [] : [uniqueSlug(heading, slugs)];
  const body = lines.map(({ text, code }) => (code ? text : withoutHtml(text))).join('\n');
  return {
    level,
    heading,
    anchors: [...slug, ...explicit.map(([, anchor = '']) => anchor.toLowerCase())],
    body: body.replaceAll(/\n{3,}/g, '\n\n').trim(),
    links: linksOf(prose.join('\n'), definitions),
  };
}

/** Inline links and those that name a definition: `[text](target)`, `[text][label]`, `[label][]`, `[label]`. */
function linksOf(prose: string, definitions: ReadonlyMap<string, string>): readonly string[] {
  const links: string[] = [];
  for (const [, text = '', inline, reference] of prose.matchAll(
    /\[((?:[^[\]]|\[[^\]]*\])+)\](?:\(\s*<?([^)\s>]+)>?[^)]*\)|\[([^\]]*)\])?/g,
  )) {
    const target =
      inline ?? definitions.get(label(reference === undefined || reference === '' ? text : reference));
    if (target !== undefined && !links.includes(target)) links.push(target);
  }
  return links;
}

const label = (text: string): string => text.trim().replaceAll(/\s+/g, ' ').toLowerCase();

/** Without tags; those in code spans or after a backslash are none. */
const withoutHtml = (text: string): string =>
  text.replaceAll(/(`[^`]*`)|(?<!\\)<\/?[a-z][^>]*>/gi, (_, code: string | undefined) => code ?? '');

/** A heading as it reads: without links, emphasis, code marks and tags. */
const plain = (heading: string): string =>
  withoutHtml(heading)
    .replaceAll(/\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replaceAll(/[`*]|\\(?=[^\w\s])/g, '')
    .trim();

/** As GitHub makes it: the second heading of a name gets `-1`. */
function uniqueSlug(heading: string, slugs: Map<string, number>): string {
  const slug = heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
  const before = slugs.get(slug) ?? 0;
  slugs.set(slug, before + 1);
  return before === 0 ? slug : `${slug}-${before}`;
}
