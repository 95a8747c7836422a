interface Held {
  readonly value: unknown;
  readonly parts: readonly string[];
}

/** What parts of a cache hold, remembered as plainly as can be. A part is called by its levels, the outermost first. */
export class NaiveParts {
  readonly #held = new Map<string, Held>();

  set(levels: readonly string[], key: string, value: unknown): void {
    this.#held.set(nameOf(levels, key), { value, parts: partsOf(levels) });
  }

  get(levels: readonly string[], key: string): unknown {
    const held = this.#held.get(nameOf(levels, key));
    return held !== undefined && partsOf(levels).every((part) => held.parts.includes(part))
      ? held.value
      : undefined;
  }

  delete(levels: readonly string[], key: string): void {
    this.#held.delete(nameOf(levels, key));
  }

  clear(levels: readonly string[]): void {
    const cleared = JSON.stringify(levels);
    for (const [name, { parts }] of this.#held) if (parts.includes(cleared)) this.#held.delete(name);
  }
}

/** Levels and key read on end, but for the outermost level, which stands apart. */
function nameOf([outermost, ...levels]: readonly string[], key: string): string {
  return JSON.stringify([outermost, [...levels, key].join(':')]);
}

/** The part itself and those around it. */
function partsOf(levels: readonly string[]): string[] {
  return levels.map((_level, index) => JSON.stringify(levels.slice(0, index + 1)));
}
