import type { AccessStatistics, Transition } from '../../storage/contract.ts';

/** What speaks for an item being opened next. */
export const featureNames = [
  'popularity',
  'frequency',
  'recency',
  'transitions',
  'sharedTransitions',
  'temporal',
] as const;
export type Feature = (typeof featureNames)[number];
export type Features = Readonly<Record<Feature, number>>;

/** An item that may be opened next, its features scaled so that the strongest item of each has 1. */
export interface Candidate {
  readonly itemId: string;
  readonly features: Features;
}

/** How much the accesses before the last one still say about the next. */
const recentWeights = [1, 0.5, 0.25] as const;

/** Accesses that an item is assumed to have had at other times, so that a single one proves no habit. */
const temporalPrior = 2;

/**
 * The candidates: items that the user opened, that followed what was opened last, and popular ones they have.
 *
 * Features: (1) popularity over all users who share, half-life 30 days; (2) the user's own frequency, half-life 14 days;
 * (3) recency, 1 / (1 + rank); (4) the user's transitions from the last three accesses, at 1, ½, ¼; (5) the same over all
 * users who share; (6) how much of an item's use falls in this part of the week.
 */
export function candidatesOf(
  statistics: AccessStatistics,
  excluded: ReadonlySet<string>,
): readonly Candidate[] {
  const found = new Map<string, Record<Feature, number>>();
  const raise = (itemId: string, feature: Feature, value: number): void => {
    if (excluded.has(itemId) || value <= 0) return;
    let features = found.get(itemId);
    if (features === undefined) found.set(itemId, (features = none()));
    features[feature] = value;
  };

  for (const { itemId, popularity } of statistics.popular) raise(itemId, 'popularity', popularity);
  for (const [rank, item] of statistics.items.entries()) {
    raise(item.itemId, 'popularity', item.popularity);
    raise(item.itemId, 'frequency', item.frequency);
    raise(item.itemId, 'recency', 1 / (1 + rank));
    raise(item.itemId, 'temporal', habit(item));
  }
  for (const [itemId, weight] of following(statistics, statistics.transitions))
    raise(itemId, 'transitions', weight);
  for (const [itemId, weight] of following(statistics, statistics.sharedTransitions))
    raise(itemId, 'sharedTransitions', weight);
  return scaled(found);
}

const none = (): Record<Feature, number> => ({
  popularity: 0,
  frequency: 0,
  recency: 0,
  transitions: 0,
  sharedTransitions: 0,
  temporal: 0,
});

/** The part of an item's use that falls in the slot, drawn towards 0 where there was little use. */
function habit({ slotWeight, slotTotal, count }: AccessStatistics['items'][number]): number {
  if (slotTotal === 0) return 0;
  return (slotWeight / slotTotal) * (count / (count + temporalPrior));
}

/**
 * What follows the recent items. Each of them hands out the same sum, whether it was opened once or a thousand times:
 * what counts is where one goes from there.
 */
function following(
  { recent }: AccessStatistics,
  transitions: readonly Transition[],
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { from, weight } of transitions) sums.set(from, (sums.get(from) ?? 0) + weight);
  const weights = new Map<string, number>();
  for (const { from, to, weight } of transitions) {
    const place = recent.findIndex(({ itemId }) => itemId === from);
    const part = ((recentWeights[place] ?? 0) * weight) / (sums.get(from) ?? 1);
    weights.set(to, (weights.get(to) ?? 0) + part);
  }
  return weights;
}

function scaled(found: ReadonlyMap<string, Record<Feature, number>>): readonly Candidate[] {
  const strongest = none();
  for (const features of found.values())
    for (const name of featureNames) strongest[name] = Math.max(strongest[name], features[name]);
  for (const features of found.values())
    for (const name of featureNames) if (strongest[name] > 0) features[name] /= strongest[name];
  return [...found].map(([itemId, features]) => ({ itemId, features }));
}
