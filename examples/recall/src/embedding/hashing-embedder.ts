import { createHash } from 'node:crypto';
import { throwIfCancelled } from '@holdfast/core';

import { words } from '../domain/text.ts';
import { type Embedder, type EmbedOptions, normalise } from './embedder.ts';
import type { TermWeights } from './term-weights.ts';

const dimensions = 512;

/**
 * Signed feature hashing of a text's words, weighted by `(1 + ln tf) · idf`. Deterministic, local, and knows nothing of
 * meaning: two texts are alike as far as they share telling words.
 *
 * @see "Feature hashing for large scale multitask learning", ICML 2009
 */
export class HashingEmbedder implements Embedder {
  /** Changes with the weights: vectors made with other weights are of another space. */
  readonly model: string;
  readonly dimensions: number = dimensions;
  readonly #weights: TermWeights;

  constructor(weights: TermWeights) {
    const digest = createHash('sha256').update(JSON.stringify(weights.entries())).digest('hex').slice(0, 8);
    this.model = `local-hash-${dimensions}-${digest}`;
    this.#weights = weights;
  }

  async embed(texts: readonly string[], options?: EmbedOptions): Promise<readonly Float32Array[]> {
    throwIfCancelled(options);
    return texts.map((text) => this.embedNow(text));
  }

  /** As {@link embed}, for one text and without a promise. */
  embedNow(text: string): Float32Array {
    const counts = new Map<string, number>();
    for (const word of words(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const vector = new Float32Array(dimensions);
    for (const [word, count] of counts) {
      const hash = fnv1a(word);
      const sign = hash & 0x80_00_00_00 ? -1 : 1;
      const index = hash % dimensions;
      vector[index] = (vector[index] ?? 0) + sign * (1 + Math.log(count)) * this.#weights.weight(word);
    }
    return normalise(vector);
  }
}

/** FNV-1a over UTF-16 units, with a finish that spreads the last ones over all bits; from 0 to 2³² − 1. */
function fnv1a(word: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < word.length; index += 1) {
    hash ^= word.charCodeAt(index);
    hash = Math.imul(hash, 0x01_00_01_93);
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c_1b_3c_6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}
