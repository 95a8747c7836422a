import { cancellationOf } from '@holdfast/core';

import type { Embedder, EmbedOptions } from '../embedding/embedder.ts';
import type { HashingEmbedder } from '../embedding/hashing-embedder.ts';
import type { Storage } from '../storage/contract.ts';
import { embeddedText } from './items.ts';
import type { Degradation } from './model.ts';
import type { UserId } from './user-id.ts';
import type { Vectors, VectorIndex } from './vector-index.ts';

/** A query's vector, and the items' vectors of the same model. */
export interface EmbeddedQuery {
  readonly query: Float32Array;
  readonly vectors: Vectors;
  readonly source: 'remote' | 'local';
  /** How much a cosine of this model counts beside other signals, 0 to 1. */
  readonly weight: number;
  readonly degraded: readonly Degradation[];
}

/** What vectors of a model are worth. The local ones know words, not meaning. */
const vectorWeights = { remote: 0.5, local: 0.1 } as const;

interface EmbeddingsOptions {
  readonly storage: Storage;
  readonly index: VectorIndex;
  readonly local: HashingEmbedder;
  readonly remote: Embedder | undefined;
}

/** Decides which model answers: the remote one where it can, else the local one. */
export class Embeddings {
  readonly #options: EmbeddingsOptions;

  constructor(options: EmbeddingsOptions) {
    this.#options = options;
  }

  /**
   * The remote model, if there is one, it answers, and all of the user's items have its vectors; the local one otherwise,
   * and the answer says so.
   *
   * @throws The signal's reason, when it aborts.
   */
  async embedQuery(user: UserId, text: string, options: EmbedOptions): Promise<EmbeddedQuery> {
    const { index, local, remote } = this.#options;
    const own = await index.vectors(user, local.model);
    const fallback = (degraded: readonly Degradation[]): EmbeddedQuery => ({
      query: local.embedNow(text),
      vectors: own,
      source: 'local',
      weight: vectorWeights.local,
      degraded,
    });
    if (remote === undefined) return fallback([]);
    const vectors = await index.vectors(user, remote.model);
    if (vectors.size < own.size) return fallback(['vectors-incomplete']);
    const query = await this.#ask(remote, text, options);
    if (query === undefined) return fallback(['embedding']);
    return { query, vectors, source: 'remote', weight: vectorWeights.remote, degraded: [] };
  }

  /** The local vectors, by which any two items can be compared. */
  localVectors(user: UserId): Promise<Vectors> {
    return this.#options.index.vectors(user, this.#options.local.model);
  }

  /**
   * Has the remote model make the vectors of up to `limit` items that have none yet; a job calls it until it answers 0.
   *
   * @returns How many items it was asked for. Those that changed meanwhile are asked for again by a later call.
   * @throws Whatever the remote model throws; nothing is stored then.
   */
  async embedPending(user: UserId, limit: number, options: EmbedOptions = {}): Promise<number> {
    const { storage, remote } = this.#options;
    if (remote === undefined) return 0;
    const items = await storage.vectors.missing(user, remote.model, limit);
    if (items.length === 0) return 0;
    const vectors = await remote.embed(items.map(embeddedText), options);
    const stored = items.flatMap(({ id, version }, position) => {
      const values = vectors[position];
      return values === undefined ? [] : [{ itemId: id, version, model: remote.model, values }];
    });
    await storage.vectors.put(user, stored);
    return items.length;
  }

  async #ask(remote: Embedder, text: string, options: EmbedOptions): Promise<Float32Array | undefined> {
    try {
      return (await remote.embed([text], options))[0];
    } catch (error) {
      if (cancellationOf(options)?.cancelled === true) throw error;
      return undefined;
    }
  }
}
