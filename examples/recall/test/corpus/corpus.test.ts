import { describe, expect, it } from 'vitest';

import { draftOf, loadCorpus } from '../../src/corpus/corpus.ts';
import { checkedDraft } from '../../src/domain/limits.ts';
import { theCorpus } from '../support/fixtures.ts';

const text = 'Long enough to be a section of its own, is it not? It should be.';
const file = (path: string, ...lines: string[]): { package: string; path: string; text: string } => ({
  package: 'p',
  path,
  text: lines.join('\n\n'),
});

describe('loadCorpus', () => {
  it('makes an item of each section of the installed documentation, all within the limits', () => {
    const { corpus } = theCorpus();

    expect(corpus.sections.length).toBeGreaterThan(1_000);
    expect(corpus.bytes).toBeGreaterThan(800_000);
    expect(new Set(corpus.sections.map(({ source }) => source)).size).toBe(corpus.sections.length);
    for (const section of corpus.sections) expect(checkedDraft(draftOf(section)).source).toBe(section.source);
  });

  it('has links between sections that exist, of both packages', () => {
    const { sections } = theCorpus().corpus;
    const sources = new Set(sections.map(({ source }) => source));
    const linked = sections.flatMap(({ links }) => links);

    expect(linked.length).toBeGreaterThan(800);
    expect(linked.every((source) => sources.has(source))).toBe(true);
    expect(new Set(linked.map((source) => source.split('/', 1)[0]))).toEqual(new Set(['fastify', 'undici']));
    expect(sections.every(({ source, links }) => !links.includes(source))).toBe(true);
  });

  it('is the same each time', () => {
    expect(loadCorpus()).toEqual(theCorpus().corpus);
  });

  it('resolves links by file, slug and hand-set anchor, and drops those that lead out', () => {
    const { sections } = loadCorpus([
      file(
        'docs/A.md',
        '# A',
        text,
        '[b](./sub/B.md) [c](sub/B.md#by-hand) [d](#deep) [e](https://example.org) [f](/abs)',
      ),
      file('docs/sub/B.md', '# B', text, '[a](../A.md#gone)', '## Named', '<a id="by-hand"></a>', text),
    ]);

    expect(sections.map(({ source, links }) => [source, links])).toEqual([
      ['p/docs/A.md#a', ['p/docs/sub/B.md#b', 'p/docs/sub/B.md#named']],
      ['p/docs/sub/B.md#b', ['p/docs/A.md#a']],
      ['p/docs/sub/B.md#named', []],
    ]);
  });

  it('leads a link to a heading without text to the next one with text', () => {
    const { sections } = loadCorpus([
      file('docs/A.md', '# A', `${text} [x](#empty)`, '## Empty', '### Full', text),
    ]);

    expect(sections.map(({ title }) => title)).toEqual(['A', 'A › Full']);
    expect(sections[0]?.links).toEqual(['p/docs/A.md#full']);
  });

  it('tells headings of one name apart by those above them', () => {
    const body = [text] as const;
    const { sections } = loadCorpus([
      file(
        'docs/api/My-Pool.md',
        '# My Pool',
        ...body,
        '## get',
        ...body,
        '### Example',
        ...body,
        '## set',
        ...body,
        '### Example',
        ...body,
      ),
    ]);

    expect(sections.map(({ title }) => title)).toEqual([
      'My Pool',
      'My Pool › get',
      'My Pool › Example',
      'My Pool › set',
      'My Pool › set › Example',
    ]);
    expect(sections[0]).toMatchObject({ kind: 'reference', tags: ['p', 'my-pool'] });
  });
});
