import type { Policy } from '@holdfast/core';
import type { Embedder, EmbedOptions } from '../embedding/embedder.ts';

/** A remote embedder behind policies. */
export class GuardedEmbedder implements Embedder {
  readonly #embedder: Embedder;
  readonly #policy: Policy;

  constructor(embedder: Embedder, policy: Policy) {
    this.#embedder = embedder;
    this.#policy = policy;
  }

  get model(): string {
    return this.#embedder.model;
  }

  get dimensions(): number {
    return this.#embedder.dimensions;
  }

  embed(texts: readonly string[], options: EmbedOptions = {}): Promise<readonly Float32Array[]> {
    return this.#policy.execute(({ signal }) => this.#embedder.embed(texts, { signal }), options);
  }
}
