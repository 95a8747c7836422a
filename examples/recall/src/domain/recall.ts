import { type Clock, systemClock, wholeNumber } from '@holdfast/core';

import type { Embedder, EmbedOptions } from '../embedding/embedder.ts';
import type { HashingEmbedder } from '../embedding/hashing-embedder.ts';
import type { Storage } from '../storage/contract.ts';
import { Embeddings } from './embeddings.ts';
import { Events } from './events.ts';
import { IdSource } from './ids.ts';
import { Items } from './items.ts';
import { type Prediction, Predictor, type PredictRequest } from './predict/predictor.ts';
import { Search, type SearchAnswer, type SearchRequest } from './search/search.ts';
import { Suggester, type Suggestion, type SuggestRequest } from './suggest/suggester.ts';
import type { UserId } from './user-id.ts';
import { VectorIndex } from './vector-index.ts';

export interface RecallOptions {
  readonly storage: Storage;
  /** Embeds every item as it is written, and answers while the remote model cannot. */
  readonly local: HashingEmbedder;
  /** A better model, behind whatever policies guard it. */
  readonly remote?: Embedder | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Pick<Clock, 'epoch'> | undefined;
  /** From how many users on a statistic across users is used. Defaults to 5. */
  readonly minSharedUsers?: number | undefined;
  /** How much memory vectors may take. Defaults to 64 MiB, about 32,000 items at 512 dimensions. */
  readonly vectorBytes?: number | undefined;
}

/**
 * A personal memory: items that a user saves, finds again, is offered before asking, and is reminded of while writing.
 *
 * It knows nothing of HTTP and retries nothing. Every method reads and writes one user's data alone.
 */
export class Recall implements AsyncDisposable {
  readonly storage: Storage;
  readonly items: Items;
  readonly events: Events;
  readonly embeddings: Embeddings;
  readonly vectors: VectorIndex;
  readonly predictor: Predictor;
  readonly #search: Search;
  readonly #suggester: Suggester;

  constructor(options: RecallOptions) {
    const { storage, local, remote, clock = systemClock } = options;
    this.storage = storage;
    this.vectors = new VectorIndex(
      storage,
      wholeNumber('vectorBytes', options.vectorBytes ?? 64 * 2 ** 20, 0),
    );
    this.embeddings = new Embeddings({ storage, index: this.vectors, local, remote });
    this.items = new Items({ storage, local, ids: new IdSource(clock), clock });
    this.events = new Events(storage, clock);
    const minSharedUsers = wholeNumber('minSharedUsers', options.minSharedUsers ?? 5, 1);
    this.predictor = new Predictor({ storage, clock, minSharedUsers });
    this.#search = new Search(storage, this.embeddings);
    this.#suggester = new Suggester({ storage, embeddings: this.embeddings, clock });
  }

  /** Finds items by words; see {@link Search.search}. */
  search(user: UserId, request: SearchRequest, options?: EmbedOptions): Promise<SearchAnswer> {
    return this.#search.search(user, request, options);
  }

  /** Tells what the user will open next; see {@link Predictor.predict}. */
  predict(user: UserId, request?: PredictRequest): Promise<Prediction> {
    return this.predictor.predict(user, request);
  }

  /** Finds items that belong to a text; see {@link Suggester.suggest}. */
  suggest(user: UserId, request: SuggestRequest, options?: EmbedOptions): Promise<Suggestion> {
    return this.#suggester.suggest(user, request, options);
  }

  /** Closes the storage. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.storage[Symbol.asyncDispose]();
  }
}
