import type { Family, FamilySink } from './family.ts';

/**
 * The families there are, and the sinks that are told of them. A family that a sink refuses is withdrawn
 * from the others again, so that all of them always hold the same.
 */
export class FamilyRegistry {
  readonly #families = new Map<string, Family>();
  readonly #sinks = new Set<FamilySink>();

  list(): readonly Family[] {
    return [...this.#families.values()];
  }

  /** Adds all of them or none. @throws What a sink threw. */
  add(families: readonly Family[]): void {
    const done: (() => void)[] = [];
    try {
      for (const family of families) {
        for (const sink of this.#sinks) {
          sink.added(family);
          done.push(() => sink.removed(family));
        }
      }
    } catch (error) {
      for (const undo of done.toReversed()) undo();
      throw error;
    }
    for (const family of families) this.#families.set(family.name, family);
  }

  /** Removes those of them that it has; a family of the same name that came later stays. */
  remove(families: readonly Family[]): void {
    for (const family of families) {
      if (this.#families.get(family.name) !== family) continue;
      this.#families.delete(family.name);
      for (const sink of this.#sinks) sink.removed(family);
    }
  }

  /** Tells the sink of every family there is and of each that comes. @throws What the sink threw; it then has none. */
  follow(sink: FamilySink): () => void {
    const own: FamilySink = {
      added: (family) => sink.added(family),
      removed: (family) => sink.removed(family),
    };
    const told: Family[] = [];
    try {
      for (const family of this.#families.values()) {
        own.added(family);
        told.push(family);
      }
    } catch (error) {
      for (const family of told.toReversed()) own.removed(family);
      throw error;
    }
    this.#sinks.add(own);
    return () => {
      if (!this.#sinks.delete(own)) return;
      for (const family of this.#families.values()) own.removed(family);
    };
  }
}
