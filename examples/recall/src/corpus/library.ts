import type { Corpus, Section } from './corpus.ts';

/** The documentation as readers meet it. */
export class Library {
  readonly files: readonly (readonly Section[])[];
  readonly #bySource: ReadonlyMap<string, Section>;
  readonly #nextOf = new Map<string, Section>();
  /** Sections with how many others link to them, and one more. */
  readonly popular: readonly (readonly [Section, number])[];

  constructor({ sections }: Corpus) {
    this.#bySource = new Map(sections.map((section) => [section.source, section]));
    this.files = [...Map.groupBy(sections, ({ file }) => file).values()];
    for (const file of this.files)
      for (const [index, section] of file.entries()) {
        const next = file[index + 1];
        if (next !== undefined) this.#nextOf.set(section.source, next);
      }
    const inward = new Map<string, number>();
    for (const { links } of sections) for (const link of links) inward.set(link, (inward.get(link) ?? 0) + 1);
    this.popular = sections.map(
      (section) => [section, 0.05 + (inward.get(section.source) ?? 0) ** 1.5] as const,
    );
  }

  next(section: Section): Section | undefined {
    return this.#nextOf.get(section.source);
  }

  linked(section: Section): readonly Section[] {
    return section.links.map((link) => this.#bySource.get(link)).filter((target) => target !== undefined);
  }
}
