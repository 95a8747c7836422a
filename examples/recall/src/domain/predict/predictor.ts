import type { Clock } from '@holdfast/core';

import type { AccessStatistics, Storage } from '../../storage/contract.ts';
import { InvalidInputError } from '../errors.ts';
import { isUuid } from '../ids.ts';
import { checkedLimit } from '../limits.ts';
import type { ItemSummary } from '../model.ts';
import type { UserId } from '../user-id.ts';
import { candidatesOf, type Feature, featureNames } from './features.ts';
import { type Method, methods, rank, type RankedCandidate } from './ranking.ts';

export interface PredictRequest {
  /** 1 to 100; 5 unless given. */
  readonly limit?: number | undefined;
  /** The item that is open now. Defaults to the one opened last, if that is less than half an hour ago. */
  readonly context?: string | undefined;
}

/** Why an item is expected: a feature, and the part of the item's score that it makes up, 0 to 1. */
export interface Reason {
  readonly feature: Feature;
  readonly share: number;
}

export interface PredictedItem {
  readonly item: ItemSummary;
  /** 0 to 1; higher is likelier, but it is no probability. */
  readonly score: number;
  /** The strongest reason first. */
  readonly reasons: readonly Reason[];
}

export interface Prediction {
  readonly items: readonly PredictedItem[];
  readonly model: 'blend';
  /** What simpler methods would have said, as item ids, to be held against what the user does next. */
  readonly baselines: Readonly<Record<Exclude<Method, 'blend'>, readonly string[]>>;
  /** Milliseconds since 1970. */
  readonly generatedAt: number;
}

export interface PredictorOptions {
  readonly storage: Storage;
  readonly clock: Pick<Clock, 'epoch'>;
  /** From how many users on a statistic across users is used. */
  readonly minSharedUsers: number;
}

const currentForMs = 30 * 60_000;

/** Tells what a user will open next, from what they and the users who share opened so far. */
export class Predictor {
  readonly #options: PredictorOptions;

  constructor(options: PredictorOptions) {
    this.#options = options;
  }

  /** @throws {InvalidInputError} for a limit or context outside the limits. */
  async predict(user: UserId, request: PredictRequest = {}): Promise<Prediction> {
    const limit = checkedLimit(request.limit, 5);
    const { context } = request;
    if (context !== undefined && !isUuid(context)) throw new InvalidInputError('context', 'a UUID');
    const { storage, clock } = this.#options;
    const generatedAt = clock.epoch();
    const ranking = await this.rankings(user, generatedAt, context);
    const best = ranking('blend').slice(0, limit);
    const summaries = await storage.items.summaries(
      user,
      best.map(({ itemId }) => itemId),
    );
    const items = new Map(summaries.map((item) => [item.id, item]));
    return {
      items: best.flatMap((candidate) => {
        const item = items.get(candidate.itemId);
        return item === undefined ? [] : [{ item, score: candidate.score, reasons: reasonsOf(candidate) }];
      }),
      model: 'blend',
      baselines: {
        popularity: idsOf(ranking('popularity'), limit),
        frequency: idsOf(ranking('frequency'), limit),
      },
      generatedAt,
    };
  }

  /** Ranks the same candidates, by whatever method is asked for. */
  async rankings(
    user: UserId,
    at: number,
    context?: string,
  ): Promise<(method: Method) => readonly RankedCandidate[]> {
    const { storage, minSharedUsers: minUsers } = this.#options;
    const statistics = await storage.access.statistics(user, { at, context, minUsers });
    const candidates = candidatesOf(statistics, openNow(statistics, at));
    return (method) => rank(candidates, methods[method]);
  }
}

/** What is open now will not be opened next. */
function openNow({ recent }: AccessStatistics, at: number): ReadonlySet<string> {
  const [latest] = recent;
  return new Set(latest !== undefined && at - latest.at < currentForMs ? [latest.itemId] : []);
}

const idsOf = (ranked: readonly RankedCandidate[], limit: number): readonly string[] =>
  ranked.slice(0, limit).map(({ itemId }) => itemId);

function reasonsOf({ features }: RankedCandidate): readonly Reason[] {
  const total = featureNames.reduce((sum, name) => sum + features[name], 0);
  return featureNames
    .filter((name) => features[name] > 0)
    .map((feature) => ({ feature, share: features[feature] / total }))
    .toSorted((a, b) => b.share - a.share);
}
