import type { OpenedItem, TextHit, Transition } from '../../storage/contract.ts';
import type { Neighbour } from '../vector-index.ts';

/** Why an item is suggested. */
export type SuggestionReason =
  | { readonly reason: 'words'; readonly strength: number }
  | { readonly reason: 'similar'; readonly strength: number }
  | { readonly reason: 'opened-together'; readonly strength: number; readonly with: string }
  | { readonly reason: 'often-opened'; readonly strength: number }
  | { readonly reason: 'recently-opened'; readonly strength: number };

export interface ScoredItem {
  readonly itemId: string;
  readonly score: number;
}

/** How much each kind of evidence counts; that of vectors depends on their model. */
const weights = { words: 1, together: 0.25, often: 0.1, recent: 0.1 } as const;

const recentHalfLifeMs = 7 * 86_400_000;

/** What speaks for each item. Every kind of evidence is scaled so that its strongest item has the kind's weight. */
export class Evidence {
  readonly #excluded: ReadonlySet<string>;
  readonly #similarWeight: number;
  readonly #found = new Map<string, SuggestionReason[]>();

  constructor(excluded: ReadonlySet<string>, similarWeight: number) {
    this.#excluded = excluded;
    this.#similarWeight = similarWeight;
  }

  addMatches(hits: readonly TextHit[]): void {
    const best = strongest(hits.map(({ score }) => score));
    for (const { itemId, score } of hits)
      this.#add(itemId, { reason: 'words', strength: (weights.words * score) / best });
  }

  addSimilar(neighbours: readonly Neighbour[]): void {
    for (const { itemId, cosine } of neighbours)
      this.#add(itemId, { reason: 'similar', strength: this.#similarWeight * cosine });
  }

  /** A neighbour of a strong item counts more than one of a weak item. */
  addTogether(transitions: readonly Transition[], seeds: readonly ScoredItem[]): void {
    const scores = new Map(seeds.map(({ itemId, score }) => [itemId, score]));
    const carried = transitions.map(({ from, to, weight }) => ({
      from,
      to,
      weight: weight * (scores.get(from) ?? 0),
    }));
    const best = strongest(carried.map(({ weight }) => weight));
    const seen = new Set<string>();
    for (const { from, to, weight } of carried.toSorted((a, b) => b.weight - a.weight)) {
      if (seen.has(to)) continue;
      seen.add(to);
      this.#add(to, { reason: 'opened-together', strength: (weights.together * weight) / best, with: from });
    }
  }

  /** Use alone suggests nothing: it only lifts what something else speaks for. */
  addUse(opened: ReadonlyMap<string, OpenedItem>, nowEpochMs: number): void {
    const best = strongest([...opened.values()].map(({ frequency }) => frequency));
    for (const [itemId, { frequency, lastAt }] of opened) {
      this.#add(itemId, { reason: 'often-opened', strength: (weights.often * frequency) / best });
      const recency = 2 ** (-Math.max(0, nowEpochMs - lastAt) / recentHalfLifeMs);
      this.#add(itemId, { reason: 'recently-opened', strength: weights.recent * recency });
    }
  }

  itemIds(): readonly string[] {
    return [...this.#found.keys()];
  }

  /** The strongest first, ties in the order of their ids. */
  ranked(): readonly ScoredItem[] {
    return [...this.#found]
      .map(([itemId, reasons]) => ({
        itemId,
        score: reasons.reduce((sum, { strength }) => sum + strength, 0),
      }))
      .toSorted((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));
  }

  /** The strongest first. */
  reasons(itemId: string): readonly SuggestionReason[] {
    return (this.#found.get(itemId) ?? []).toSorted((a, b) => b.strength - a.strength);
  }

  #add(itemId: string, reason: SuggestionReason): void {
    if (this.#excluded.has(itemId)) return;
    const reasons = this.#found.get(itemId);
    if (reasons === undefined) this.#found.set(itemId, [reason]);
    else reasons.push(reason);
  }
}

/** At least something, so that it can be divided by. */
const strongest = (values: readonly number[]): number => Math.max(Number.MIN_VALUE, ...values);
