/** Loads of one key that are not answered yet. */
export interface Gate {
  /** How many have begun. */
  readonly waiting: number;
  /** Answers them with what was true when they began, and those to come at once. */
  open(): void;
}

/** What the caches of a fleet stand for: a version of each key. Each load is counted. */
export class Truth {
  /** What loaders say that the value of a key can be invalidated by. */
  tagsOf: (key: string) => readonly string[] = () => [];
  readonly #versions = new Map<string, number>();
  readonly #loads = new Map<string, number>();
  readonly #gates = new Map<string, { waiting: number; readonly opened: Promise<void> }>();

  version(key: string): number {
    return this.#versions.get(key) ?? 0;
  }

  /** Commits a change and gives the new version. */
  change(key: string): number {
    const version = this.version(key) + 1;
    this.#versions.set(key, version);
    return version;
  }

  loads(key: string): number {
    return this.#loads.get(key) ?? 0;
  }

  /** Reads the truth, and is slow to answer where there is a gate. */
  async load(key: string): Promise<number> {
    this.#loads.set(key, this.loads(key) + 1);
    const version = this.version(key);
    const gate = this.#gates.get(key);
    if (gate !== undefined) {
      gate.waiting += 1;
      await gate.opened;
    }
    return version;
  }

  /** Makes loads of the key wait. */
  gate(key: string): Gate {
    const { promise, resolve } = Promise.withResolvers<void>();
    const gate = { waiting: 0, opened: promise };
    this.#gates.set(key, gate);
    return {
      get waiting() {
        return gate.waiting;
      },
      open: () => {
        if (this.#gates.get(key) === gate) this.#gates.delete(key);
        resolve();
      },
    };
  }
}
