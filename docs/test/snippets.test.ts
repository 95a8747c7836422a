import { beforeAll, describe, expect, it } from 'vitest';

import { complaintsAbout } from './compiler.ts';
import { moduleOf } from './document-module.ts';
import { codeOf, documents, fencesOf } from './documents.ts';

const modules = documents
  .filter((document) => codeOf(document).length > 0)
  .map((document) => ({
    document: document.path,
    name: document.path.replaceAll(/\W+/g, '-'),
    code: moduleOf(codeOf(document).map(({ text }) => text)),
  }));

describe('the examples in the documents', () => {
  let complaints: readonly string[] = [];
  beforeAll(() => {
    complaints = complaintsAbout(modules);
  }, 60_000);

  it('are in the documents that people read first', () => {
    const found = modules.map(({ document }) => document);

    expect(found).toEqual(
      expect.arrayContaining(['README.md', 'packages/core/README.md', 'docs/guides/tiered-cache.md']),
    );
  });

  it.each(documents.map((document) => [document.path, document] as const))(
    'say in what language they are, and whether they run: %s',
    (_, { fences }) => {
      const known = ['', 'ts', 'ts no-run', 'js', 'js no-run', 'sh', 'console', 'mermaid'];

      for (const { language, mark } of fences) expect(known).toContain(`${language} ${mark}`.trim());
    },
  );

  it('are meant to run, but for these', () => {
    const exceptions = documents.filter((document) => codeOf(document).some(({ mark }) => mark === 'no-run'));

    expect(exceptions.map(({ path }) => path)).toEqual(['packages/test-support/README.md']);
  });

  it.each(modules.map(({ document, name }) => [document, name]))('compile: %s', (_, name) => {
    expect(complaints.filter((line) => line.includes(`/${name}.ts(`))).toEqual([]);
  });

  it('are all that was compiled', () => {
    expect(
      complaints.filter((line) => line.includes('error') && !line.startsWith('docs/.snippets/')),
    ).toEqual([]);
  });
});

describe('a module of examples', () => {
  const complaintsOf = (markdown: string): readonly string[] => {
    const code = moduleOf(fencesOf(markdown).map(({ text }) => text));
    return complaintsAbout([{ name: 'made-up', code }]).filter((line) => line.includes('error'));
  };
  const block = (code: string): string => `\`\`\`ts\n${code}\n\`\`\`\n`;

  it('lets later blocks use what earlier ones have declared, and declare it again', () => {
    const first = block("import { seconds } from '@holdfast/core';\n\nconst wait = seconds(1);");

    expect(
      complaintsOf(`${first}\n${block('const twice = wait * 2;\n')}${block('const wait = 1;')}`),
    ).toEqual([]);
  }, 30_000);

  it('is refused for what does not exist or has another type', () => {
    const complaints = complaintsOf(
      block("import { seconds } from '@holdfast/core';\n\nseconds('1');\nseconds(missing);"),
    );

    expect(complaints).toEqual([expect.stringContaining('TS2345'), expect.stringContaining('TS2304')]);
  }, 30_000);
});
