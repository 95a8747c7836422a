/**
 * What the keys of a namespace are called.
 *
 * Invariants:
 * - no two keys share a name;
 * - value and lease of a key lie in one slot of a Cluster, and so do log, meta and tags.
 */
export class Names {
  /** Log, meta and tags, as every script that keeps the books takes them. */
  readonly books: readonly [log: string, meta: string, tags: string];
  readonly #value: string;
  readonly #lease: string;

  /** @param namespace - Free of braces. */
  constructor(namespace: string) {
    this.books = [`{${namespace}}:log`, `{${namespace}}:meta`, `{${namespace}}:tags`];
    this.#value = `${namespace}:v:`;
    this.#lease = `${namespace}:l:`;
  }

  value(key: string): string {
    return this.#value + tagged(key);
  }

  lease(key: string): string {
    return this.#lease + tagged(key);
  }

  /** Both, as the scripts about a key take them. */
  pair(key: string): [value: string, lease: string] {
    return [this.value(key), this.lease(key)];
  }
}

/**
 * The slot is that of what stands between the first brace and the next closing one, if anything does. A key that would
 * leave nothing there goes behind a tag of its own, and ends as no other does.
 */
function tagged(key: string): string {
  return key === '' || key.startsWith('}') ? `{-}${key}-` : `{${key}}`;
}
