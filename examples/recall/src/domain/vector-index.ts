import { cosine } from '../embedding/embedder.ts';
import type { Storage } from '../storage/contract.ts';
import type { UserId } from './user-id.ts';

/** A user's vectors of one model, by item. */
export type Vectors = ReadonlyMap<string, Float32Array>;

export interface Neighbour {
  readonly itemId: string;
  readonly cosine: number;
}

export interface VectorIndexStatistics {
  readonly component: 'vector-index';
  readonly hits: number;
  readonly misses: number;
  /** Users and models whose vectors are held now. */
  readonly entries: number;
  readonly bytes: number;
}

interface Entry {
  readonly revision: string;
  readonly vectors: Vectors;
  readonly bytes: number;
}

/**
 * Holds the vectors of the users who were here last, to compare with all of them without reading them again.
 *
 * Invariants: what is held never exceeds `maxBytes`; vectors older than the user's last write are never answered.
 */
export class VectorIndex {
  readonly name: string = 'vectors';
  readonly #storage: Storage;
  readonly #maxBytes: number;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #hits = 0;
  #misses = 0;

  constructor(storage: Storage, maxBytes: number) {
    this.#storage = storage;
    this.#maxBytes = maxBytes;
  }

  async vectors(user: UserId, model: string): Promise<Vectors> {
    const key = `${user} ${model}`;
    const revision = await this.#storage.users.revision(user);
    const held = this.#entries.get(key);
    if (held?.revision === revision) {
      this.#hits += 1;
      this.#entries.delete(key);
      this.#entries.set(key, held);
      return held.vectors;
    }
    this.#misses += 1;
    return this.#load(user, model, key);
  }

  statistics(): VectorIndexStatistics {
    return {
      component: 'vector-index',
      hits: this.#hits,
      misses: this.#misses,
      entries: this.#entries.size,
      bytes: this.#bytes,
    };
  }

  async #load(user: UserId, model: string, key: string): Promise<Vectors> {
    const { revision, vectors: list } = await this.#storage.vectors.all(user, model);
    const vectors = new Map(list.map(({ itemId, values }) => [itemId, values]));
    const bytes = list.reduce((sum, { values }) => sum + values.byteLength, 0);
    this.#drop(key);
    if (bytes <= this.#maxBytes) {
      this.#entries.set(key, { revision, vectors, bytes });
      this.#bytes += bytes;
    }
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
    return vectors;
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}

/** The `limit` items whose vectors are closest, closest first, only those with something in common. */
export function nearest(vectors: Vectors, query: Float32Array, limit: number): readonly Neighbour[] {
  const neighbours: Neighbour[] = [];
  for (const [itemId, vector] of vectors) {
    const closeness = cosine(vector, query);
    if (closeness > 0) neighbours.push({ itemId, cosine: closeness });
  }
  return neighbours.toSorted((a, b) => b.cosine - a.cosine || (a.itemId < b.itemId ? -1 : 1)).slice(0, limit);
}
