import {
  type ExecuteOptions,
  isHoldfastError,
  minutes,
  type OperationContext,
  type Policy,
} from '@holdfast/core';
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
import { normalised } from '../domain/limits.ts';
import type { Prediction, PredictRequest } from '../domain/predict/predictor.ts';
import type { Recall } from '../domain/recall.ts';
import type { SearchAnswer, SearchRequest } from '../domain/search/search.ts';
import type { Suggestion, SuggestRequest } from '../domain/suggest/suggester.ts';
import type { UserId } from '../domain/user-id.ts';
import { AnswerCache } from './answer-cache.ts';
import type { Caches } from './caching.ts';
import type { CallScope } from './call-scope.ts';
import { type Feature, FeatureOffError } from './features.ts';

interface MemoryOptions {
  readonly recall: Recall;
  readonly caches: Caches;
  readonly degradation: Degradation<Feature>;
  /** Runs around every call. */
  readonly requests: Policy;
  /** Tells the database whose work it does. */
  readonly scope: CallScope;
  /** Has vectors made of the user's items that lack them, later. Never rejects. */
  readonly embedLater: (user: UserId) => Promise<void>;
}

/** An answer that may also lack what was switched off for the load's sake. */
type Served<T> = Omit<T, 'degraded'> & { readonly degraded: readonly string[] };

/** Predictions are made and kept up to this length, and cut to what is asked for. */
const longestPrediction = 20;

/** Refusals before anything was written. After any other failure of a write nobody knows. */
const nothingWritten: ReadonlySet<string> = new Set([
  'ERR_INVALID_INPUT',
  'ERR_CIRCUIT_OPEN',
  'ERR_BULKHEAD_FULL',
  'ERR_SHED',
]);

/**
 * Recall as the service offers it: every call ends at its deadline, answers are cached, and what the load does not allow is
 * left out. What protects the database and the embedder sits where those are called.
 *
 * Invariant: after a write was answered, or failed in a way that leaves open whether it happened, no read in this process
 * gives what was derived from the items before.
 */
export class Memory {
  readonly #options: MemoryOptions;
  readonly #answers: AnswerCache;
  readonly #predictions: TieredCache;

  constructor(options: MemoryOptions) {
    const { caches, recall, scope } = options;
    this.#options = options;
    this.#predictions = caches.answers;
    this.#answers = new AnswerCache(caches, (user, context) =>
      scope.run(context, () => recall.storage.users.revision(user)),
    );
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
    const load = this.#asking(({ items }) => items.get(user, itemId));
    return this.#options.requests.execute(
      (context) => this.#answers.value(user, ['item', itemId], load, context),
      call,
    );
  }

  /** Not cached: lists are read by people who have just changed something. */
  listItems(user: UserId, options: ItemListOptions, call: ExecuteOptions): Promise<Page<ItemSummary>> {
    return this.#options.requests.execute(
      this.#asking(({ items }) => items.list(user, options)),
      call,
    );
  }

  search(user: UserId, request: SearchRequest, call: ExecuteOptions): Promise<Served<SearchAnswer>> {
    const { requests, degradation } = this.#options;
    const byWords = request.mode === 'hybrid' && !degradation.isEnabled('semantic-ranking', user);
    const asked: SearchRequest = byWords ? { ...request, mode: 'text' } : request;
    const { query, mode, kind, tag, limit, cursor } = asked;
    const parts = ['search', normalised(query), mode, kind, tag, limit, cursor];
    const load = this.#asking((recall, { signal }) =>
      this.#completing(user, recall.search(user, asked, { signal })),
    );
    return requests.execute(async (context) => {
      const answer = await this.#answers.answer(user, parts, load, context);
      return byWords ? { ...answer, degraded: [...answer.degraded, 'semantic-ranking'] } : answer;
    }, call);
  }

  /** @throws {FeatureOffError} while the load does not allow suggestions. */
  async suggest(user: UserId, request: SuggestRequest, call: ExecuteOptions): Promise<Suggestion> {
    const { requests, degradation } = this.#options;
    if (!degradation.isEnabled('suggestions', user)) throw new FeatureOffError('suggestions');
    const { text, limit, diversity, exclude = [] } = request;
    const parts = ['suggest', normalised(text), limit, diversity, keyOf(...exclude)];
    const load = this.#asking((recall, { signal }) =>
      this.#completing(user, recall.suggest(user, request, { signal })),
    );
    return requests.execute((context) => this.#answers.answer(user, parts, load, context), call);
  }

  predict(user: UserId, request: PredictRequest, call: ExecuteOptions): Promise<Prediction> {
    const { requests } = this.#options;
    const { limit = 5, context: open } = request;
    if (open !== undefined || limit > longestPrediction)
      return requests.execute(
        this.#asking((recall) => recall.predict(user, request)),
        call,
      );
    const load = this.#asking((recall) => recall.predict(user, { limit: longestPrediction }));
    return requests.execute(async ({ signal }) => {
      const options = { signal, ttlMs: minutes(1) };
      return shortened(await this.#predictions.get(predictionKey(user), load, options), limit);
    }, call);
  }

  recordEvents(
    user: UserId,
    events: readonly AccessEventDraft[],
    call: ExecuteOptions,
  ): Promise<RecordedEvents> {
    return this.#writing(
      call,
      (recall) => recall.events.record(user, events),
      async (recorded) => {
        if (recorded?.accepted !== 0) await this.#predictions.delete(predictionKey(user));
      },
    );
  }

  #change<T>(user: UserId, call: ExecuteOptions, write: (recall: Recall) => Promise<T>): Promise<T> {
    const change = async (recall: Recall): Promise<T> => {
      const result = await write(recall);
      await this.#options.embedLater(user);
      return result;
    };
    return this.#writing(call, change, async () => {
      await Promise.all([this.#answers.changed(user), this.#predictions.delete(predictionKey(user))]);
    });
  }

  /**
   * Runs a write and forgets what it made out of date before anybody hears of it.
   *
   * @param forget - Is told nothing of a write of which nobody knows whether it happened.
   */
  #writing<T>(
    call: ExecuteOptions,
    write: (recall: Recall) => Promise<T>,
    forget: (written?: T) => Promise<void>,
  ): Promise<T> {
    const attempt = this.#asking(write);
    return this.#options.requests.execute(async (context) => {
      try {
        const written = await attempt(context);
        await forget(written);
        return written;
      } catch (error) {
        if (!isHoldfastError(error) || !nothingWritten.has(error.code)) await forget();
        throw error;
      }
    }, call);
  }

  /** Work on Recall, of which the database knows for how long it is wanted. */
  #asking<T>(
    work: (recall: Recall, context: OperationContext) => Promise<T>,
  ): (context: OperationContext) => Promise<T> {
    const { recall, scope } = this.#options;
    return (context) => scope.run(context, () => work(recall, context));
  }

  /** An answer that lacks vectors sees to it that a later one does not. */
  async #completing<T extends SearchAnswer | Suggestion>(user: UserId, asked: Promise<T>): Promise<T> {
    const answer = await asked;
    if (answer.degraded.includes('vectors-incomplete')) void this.#options.embedLater(user);
    return answer;
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
