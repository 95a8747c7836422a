import type { Snippet, Storage, TextHit } from '../../storage/contract.ts';
import { cosine, type EmbedOptions } from '../../embedding/embedder.ts';
import { cursorAt, offsetOfCursor } from '../cursor.ts';
import type { EmbeddedQuery, Embeddings } from '../embeddings.ts';
import { characters, checkedLimit, limits } from '../limits.ts';
import type { Degradation, ItemSummary } from '../model.ts';
import { queryTerms } from '../text.ts';
import type { UserId } from '../user-id.ts';
import { correct } from './correction.ts';

/** `text` ranks by words alone; `hybrid` also by vectors. */
export type SearchMode = 'text' | 'hybrid';

export interface SearchRequest {
  readonly query: string;
  /** Defaults to `'text'`. */
  readonly mode?: SearchMode | undefined;
  readonly kind?: string | undefined;
  readonly tag?: string | undefined;
  /** 1 to 100; 20 unless given. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface SearchHit {
  readonly item: ItemSummary;
  /** Higher is better; means nothing between two searches. */
  readonly score: number;
  /** Where in the body the words are; left out if they are in title and tags alone. */
  readonly snippet?: Snippet | undefined;
}

export interface SearchAnswer {
  readonly hits: readonly SearchHit[];
  /** What was searched for instead, if words were misspelt. */
  readonly corrected?: string | undefined;
  /** How it was ranked. */
  readonly mode: SearchMode;
  /** Which vectors were used; `none` in mode `text`. */
  readonly embedding: EmbeddedQuery['source'] | 'none';
  readonly degraded: readonly Degradation[];
  readonly nextCursor?: string | undefined;
}

/** How many of the best by words are ranked again by vectors, and can be paged through. */
const depth = 100;

export class Search {
  readonly #storage: Storage;
  readonly #embeddings: Embeddings;

  constructor(storage: Storage, embeddings: Embeddings) {
    this.#storage = storage;
    this.#embeddings = embeddings;
  }

  /**
   * Items with any of the words, best first. A word that the user's items do not have is taken for a misspelt one if
   * they have one like it.
   *
   * @throws {InvalidInputError} for a query, limit or cursor outside the limits.
   * @throws The signal's reason, when it aborts.
   */
  async search(user: UserId, request: SearchRequest, options: EmbedOptions = {}): Promise<SearchAnswer> {
    const query = characters('query', request.query, limits.maxQueryCharacters);
    const limit = checkedLimit(request.limit, 20);
    const offset = request.cursor === undefined ? 0 : offsetOfCursor(request.cursor);
    const { kind, tag, mode = 'text' } = request;

    const { terms, corrected } = await correct(this.#storage.search, user, queryTerms(query));
    const matched = await this.#storage.search.match(user, terms, { kind, tag, limit: depth });
    const embedded =
      mode === 'hybrid' ? await this.#embeddings.embedQuery(user, corrected ?? query, options) : undefined;
    const ranked = embedded === undefined ? matched : rescored(matched, embedded);
    const page = ranked.slice(offset, offset + limit);
    return {
      hits: await this.#hits(user, terms, page),
      ...(corrected !== undefined && { corrected }),
      mode,
      embedding: embedded?.source ?? 'none',
      degraded: embedded?.degraded ?? [],
      ...(ranked.length > offset + limit && { nextCursor: cursorAt(offset + limit) }),
    };
  }

  async #hits(
    user: UserId,
    terms: readonly string[],
    page: readonly TextHit[],
  ): Promise<readonly SearchHit[]> {
    const itemIds = page.map(({ itemId }) => itemId);
    const summaries = await this.#storage.items.summaries(user, itemIds);
    const snippets = await this.#storage.search.snippets(user, terms, itemIds);
    const items = new Map(summaries.map((item) => [item.id, item]));
    return page.flatMap(({ itemId, score }) => {
      const item = items.get(itemId);
      const snippet = snippets.get(itemId);
      // Deleted between two statements.
      if (item === undefined) return [];
      return [{ item, score, ...(snippet !== undefined && { snippet }) }];
    });
  }
}

/** The score by words, as a part of the best one, plus the cosine at its model's weight. */
function rescored(
  matched: readonly TextHit[],
  { query, vectors, weight }: EmbeddedQuery,
): readonly TextHit[] {
  const best = matched[0]?.score ?? 1;
  const scored = matched.map(({ itemId, score }) => {
    const vector = vectors.get(itemId);
    return { itemId, score: score / best + weight * (vector === undefined ? 0 : cosine(vector, query)) };
  });
  return scored.toSorted((a, b) => b.score - a.score);
}
