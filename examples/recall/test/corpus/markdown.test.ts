import { describe, expect, it } from 'vitest';

import { parseMarkdown } from '../../src/corpus/markdown.ts';

const lines = (...text: string[]): string => text.join('\n');

describe('parseMarkdown', () => {
  it('splits a text at its headings of any level', () => {
    const sections = parseMarkdown(
      lines('Before', '# One', 'First', '### Two ###', '', 'Second', '## Three'),
    );

    expect(sections.map(({ level, heading, body }) => [level, heading, body])).toEqual([
      [0, '', 'Before'],
      [1, 'One', 'First'],
      [3, 'Two', 'Second'],
      [2, 'Three', ''],
    ]);
  });

  it('takes nothing in a code block for a heading, an anchor or a link', () => {
    const code = ['```sh', '# comment', '[a](b.md) <a id="x"></a>', '````'.slice(0, 2), '```'];
    const tilde = ['~~~~', '# not either', '~~~', '~~~~'];

    const sections = parseMarkdown(lines('# One', ...code, ...tilde, '## Two'));

    expect(sections.map(({ heading }) => heading)).toEqual(['', 'One', 'Two']);
    expect(sections[1]).toMatchObject({ anchors: ['one'], links: [] });
    expect(sections[1]?.body).toContain('# comment');
    expect(sections[1]?.body).toContain('<a id="x">');
  });

  it('reads headings without mark-up and names them as GitHub does', () => {
    const sections = parseMarkdown(
      lines(
        '## `new Client(url[, options])`',
        '## [Linked](x.md) & *bold*',
        '## Twice',
        '## Twice',
        '## Promise\\<void\\>',
      ),
    );

    expect(sections.slice(1).map(({ heading, anchors }) => [heading, anchors[0]])).toEqual([
      ['new Client(url[, options])', 'new-clienturl-options'],
      ['Linked & bold', 'linked--bold'],
      ['Twice', 'twice'],
      ['Twice', 'twice-1'],
      ['Promise<void>', 'promisevoid'],
    ]);
  });

  it('knows anchors that are set by hand', () => {
    const [, section] = parseMarkdown(
      lines('## Options', '<a id="Factory-Options"></a>', 'Text <a name="more"></a>'),
    );

    expect(section?.anchors).toEqual(['options', 'factory-options', 'more']);
    expect(section?.body).toBe('Text');
  });

  it('finds links in every form, each once', () => {
    const text = lines(
      '# Links',
      'An [inline](./A.md#x "Title"), a [`code`](<B.md>), a [full][ref], a [`Pool`][], a [short],',
      'again [inline](./A.md#x), an ![image](i.png), and [no link].',
      '',
      '[ref]: C.md',
      '[`pool`]: D.md#pool',
      '[short]: <E.md>',
    );

    const [, section] = parseMarkdown(text);

    expect(section?.links).toEqual(['./A.md#x', 'B.md', 'C.md', 'D.md#pool', 'E.md', 'i.png']);
    expect(section?.body).not.toContain(']: ');
  });

  it('leaves out comments and tags, but not what code spans show', () => {
    const [, section] = parseMarkdown(
      lines('# One', '<!-- YAML', 'added: v1', '-->', 'A <b>bold</b> `<tag>`', '<!-- gone -->', 'End'),
    );

    expect(section?.body).toBe('A bold `<tag>`\nEnd');
  });
});
