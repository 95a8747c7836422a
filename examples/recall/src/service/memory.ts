import { type ExecuteOptions, minutes, type Policy } from '@holdfast/core';
import { keyOf } from '@holdfast/dedupe';
import type { Degradation } from '@holdfast/degradation';
import type { TieredCache } from '@holdfast/tiered-cache';
import type { ItemImport, ItemListOptions } from '../domain/items.ts';
import type {
  AccessEventDraft,
  Item,
  ItemDraft,
  ItemPatch,
  ItemSummary,
  Page,
  RecordedEvents,
} from '../domain/model.ts';
import type { Prediction, PredictRequest } from '../domain/predict/predictor.ts';
import type { Recall } from '../domain/recall.ts';
import type { SearchAnswer, SearchRequest } from '../domain/search/search.ts';
import type { Suggestion, SuggestRequest } from '../domain/suggest/suggester.ts';
import type { UserId } from '../domain/user-id.ts';
import { AnswerCache } from './answer-cache.ts';
import type { Caches } from './caching.ts';
import { type Feature, FeatureOffError } from './features.ts';

interface MemoryOptions {
  readonly recall: Recall;
  readonly caches: Caches;
  readonly degradation: Degradation<Feature>;
  /** Runs around every call. */
  readonly requests: Policy;
  /** Told after each write. */
  readonly changed: (user: UserId) => Promise<void>;
}

/** An answer that may also lack what was switched off for the load's sake. */
type Served<T> = Omit<T, 'degraded'> & { readonly degraded: readonly string[] };

/** Predictions are made and kept up to this length, and cut to what is asked for. */
const longestPrediction = 20;

/**
 * Recall as the service offers it: every call ends at its deadline, answers are cached, and what the load does not allow is
 * left out. What protects the database and the embedder sits where those are called.
 */
export class Memory {
  readonly #options: MemoryOptions;
  readonly #answers: AnswerCache;
  readonly #predictions: TieredCache;

  constructor(options: MemoryOptions) {
    const { caches, recall } = options;
    this.#options = options;
    this.#predictions = caches.answers;
    this.#answers = new AnswerCache(caches, (user) => recall.storage.users.revision(user));
  }

  createItem(user: UserId, draft: ItemDraft, call: ExecuteOptions): Promise<Item> {
    return this.#change(user, call, ({ items }) => items.create(user, draft));
  }

  importItems(
    user: UserId,
    drafts: readonly ItemDraft[],
    call: ExecuteOptions,
  ): Promise<readonly ItemImport[]> {
    return this.#change(user, call, ({ items }) => items.import(user, drafts));
  }

  updateItem(
    user: UserId,
    itemId: string,
    patch: ItemPatch,
    version: number,
    call: ExecuteOptions,
  ): Promise<Item> {
    return this.#change(user, call, ({ items }) => items.update(user, itemId, patch, version));
  }

  deleteItem(user: UserId, itemId: string, version: number | undefined, call: ExecuteOptions): Promise<void> {
    return this.#change(user, call, ({ items }) => items.delete(user, itemId, version));
  }

  getItem(user: UserId, itemId: string, call: ExecuteOptions): Promise<Item> {
    const { recall, requests } = this.#options;
    const load = (): Promise<Item> => recall.items.get(user, itemId);
    return requests.execute((context) => this.#answers.value(user, ['item', itemId], load, context), call);
  }

  /** Not cached: lists are read by people who have just changed something. */
  listItems(user: UserId, options: ItemListOptions, call: ExecuteOptions): Promise<Page<ItemSummary>> {
    const { recall, requests } = this.#options;
    return requests.execute(() => recall.items.list(user, options), call);
  }

  search(user: UserId, request: SearchRequest, call: ExecuteOptions): Promise<Served<SearchAnswer>> {
    const { recall, requests, degradation } = this.#options;
    const byWords = request.mode === 'hybrid' && !degradation.isEnabled('semantic-ranking', user);
    const asked: SearchRequest = byWords ? { ...request, mode: 'text' } : request;
    const { query, mode, kind, tag, limit, cursor } = asked;
    const parts = ['search', query, mode, kind, tag, limit, cursor];
    return requests.execute(async (context) => {
      const load = ({ signal }: { signal: AbortSignal }): Promise<SearchAnswer> =>
        recall.search(user, asked, { signal });
      const answer = await this.#answers.answer(user, parts, load, context);
      return byWords ? { ...answer, degraded: [...answer.degraded, 'semantic-ranking'] } : answer;
    }, call);
  }

  /** @throws {FeatureOffError} while the load does not allow suggestions. */
  async suggest(user: UserId, request: SuggestRequest, call: ExecuteOptions): Promise<Suggestion> {
    const { recall, requests, degradation } = this.#options;
    if (!degradation.isEnabled('suggestions', user)) throw new FeatureOffError('suggestions');
    const { text, limit, diversity, exclude = [] } = request;
    const parts = ['suggest', text, limit, diversity, keyOf(...exclude)];
    const load = ({ signal }: { signal: AbortSignal }): Promise<Suggestion> =>
      recall.suggest(user, request, { signal });
    return requests.execute((context) => this.#answers.answer(user, parts, load, context), call);
  }

  predict(user: UserId, request: PredictRequest, call: ExecuteOptions): Promise<Prediction> {
    const { recall, requests } = this.#options;
    const { limit = 5, context: open } = request;
    return requests.execute(async ({ signal }) => {
      if (open !== undefined || limit > longestPrediction) return recall.predict(user, request);
      const load = (): Promise<Prediction> => recall.predict(user, { limit: longestPrediction });
      return shortened(
        await this.#predictions.get(predictionKey(user), load, { signal, ttlMs: minutes(1) }),
        limit,
      );
    }, call);
  }

  recordEvents(
    user: UserId,
    events: readonly AccessEventDraft[],
    call: ExecuteOptions,
  ): Promise<RecordedEvents> {
    const { recall, requests } = this.#options;
    return requests.execute(async () => {
      const recorded = await recall.events.record(user, events);
      if (recorded.accepted > 0) await this.#predictions.delete(predictionKey(user));
      return recorded;
    }, call);
  }

  /** Runs a write and makes what was derived from the items unreachable, also when nobody knows whether it happened. */
  #change<T>(user: UserId, call: ExecuteOptions, write: (recall: Recall) => Promise<T>): Promise<T> {
    const { recall, requests, changed } = this.#options;
    return requests.execute(async () => {
      try {
        const result = await write(recall);
        await changed(user);
        return result;
      } finally {
        await Promise.all([this.#answers.changed(user), this.#predictions.delete(predictionKey(user))]);
      }
    }, call);
  }
}

const predictionKey = (user: UserId): string => keyOf('prediction', user);

function shortened(prediction: Prediction, limit: number): Prediction {
  const { items, baselines } = prediction;
  const { popularity, frequency } = baselines;
  return {
    ...prediction,
    items: items.slice(0, limit),
    baselines: { popularity: popularity.slice(0, limit), frequency: frequency.slice(0, limit) },
  };
}
