import type { Clock } from '@holdfast/core';

import type { EmbedOptions } from '../../embedding/embedder.ts';
import type { Storage } from '../../storage/contract.ts';
import type { EmbeddedQuery, Embeddings } from '../embeddings.ts';
import { InvalidInputError } from '../errors.ts';
import { bytes, checkedLimit, limits } from '../limits.ts';
import type { Degradation, ItemSummary } from '../model.ts';
import type { UserId } from '../user-id.ts';
import { nearest } from '../vector-index.ts';
import { diversified } from './diversity.ts';
import { Evidence, type SuggestionReason } from './evidence.ts';
import { tellingTerms } from './telling-terms.ts';

export interface SuggestRequest {
  /** What the user is writing or reading; up to 8 KiB. */
  readonly text: string;
  /** 1 to 100; 5 unless given. */
  readonly limit?: number | undefined;
  /** Items that are not wanted, such as the one being written. */
  readonly exclude?: readonly string[] | undefined;
  /** From 0 (only what fits best) to 1 (only what differs from the rest). Defaults to 0.3. */
  readonly diversity?: number | undefined;
}

export interface SuggestedItem {
  readonly item: ItemSummary;
  /** Higher fits better; means nothing between two suggestions. */
  readonly score: number;
  /** The strongest first. */
  readonly reasons: readonly SuggestionReason[];
}

export interface Suggestion {
  readonly items: readonly SuggestedItem[];
  /** Which vectors were used. */
  readonly embedding: EmbeddedQuery['source'];
  readonly degraded: readonly Degradation[];
}

const most = { matches: 50, neighbours: 50, seeds: 10, together: 50 };

interface SuggesterOptions {
  readonly storage: Storage;
  readonly embeddings: Embeddings;
  readonly clock: Pick<Clock, 'epoch'>;
}

/** Finds items that belong to a text. */
export class Suggester {
  readonly #options: SuggesterOptions;

  constructor(options: SuggesterOptions) {
    this.#options = options;
  }

  /**
   * Gathers items that share telling words with the text, whose vectors are close to it, and that were opened together
   * with those; weighs them by use; and picks so that they differ from one another.
   *
   * @throws {InvalidInputError} for a text, limit or diversity outside the limits.
   * @throws The signal's reason, when it aborts.
   */
  async suggest(user: UserId, request: SuggestRequest, options: EmbedOptions = {}): Promise<Suggestion> {
    const text = bytes('text', request.text, limits.maxTextBytes);
    const limit = checkedLimit(request.limit, 5);
    const { exclude = [], diversity = 0.3 } = request;
    if (!(diversity >= 0 && diversity <= 1)) throw new InvalidInputError('diversity', 'a number from 0 to 1');

    const embedded = await this.#options.embeddings.embedQuery(user, text, options);
    const evidence = await this.#gather(user, text, embedded, new Set(exclude));
    const vectors = await this.#options.embeddings.localVectors(user);
    const picked = diversified(evidence.ranked(), vectors, { limit, diversity });
    const itemIds = picked.map(({ itemId }) => itemId);
    const summaries = await this.#options.storage.items.summaries(user, itemIds);
    const items = new Map(summaries.map((item) => [item.id, item]));
    return {
      items: picked.flatMap(({ itemId, score }) => {
        const item = items.get(itemId);
        return item === undefined ? [] : [{ item, score, reasons: evidence.reasons(itemId) }];
      }),
      embedding: embedded.source,
      degraded: embedded.degraded,
    };
  }

  async #gather(
    user: UserId,
    text: string,
    embedded: EmbeddedQuery,
    excluded: ReadonlySet<string>,
  ): Promise<Evidence> {
    const { storage, clock } = this.#options;
    const evidence = new Evidence(excluded, embedded.weight);
    const terms = await tellingTerms(storage, user, text);
    evidence.addMatches(await storage.search.match(user, terms, { limit: most.matches }));
    evidence.addSimilar(nearest(embedded.vectors, embedded.query, most.neighbours));
    const seeds = evidence.ranked().slice(0, most.seeds);
    const together = await storage.access.neighbours(
      user,
      seeds.map(({ itemId }) => itemId),
      most.together,
    );
    evidence.addTogether(together, seeds);
    evidence.addUse(await storage.access.opened(user, evidence.itemIds()), clock.epoch());
    return evidence;
  }
}
