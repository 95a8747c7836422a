import type { AccessEvent } from '../model.ts';
import type { UserId } from '../user-id.ts';
import type { Predictor } from './predictor.ts';
import { type Method, methods } from './ranking.ts';

/** An access in a history to learn from. */
export interface HistoricAccess {
  readonly user: UserId;
  readonly event: AccessEvent;
}

/** How well a method did, over `n` predictions. */
export interface MethodScore {
  /** How often the next item was the first, or among the first five. */
  readonly hit1: number;
  readonly hit5: number;
  /** Mean of 1 / rank, where ranks past 10 count 0. */
  readonly mrr: number;
}

export interface Evaluation {
  readonly n: number;
  /** The same over the predictions whose answer the user had opened before. The others ask for something new. */
  readonly repeats: number;
  readonly scores: Readonly<Record<Method, MethodScore>>;
  /** Each user's hits among five, for a bootstrap that respects that a user's accesses belong together. */
  readonly byUser: ReadonlyMap<
    UserId,
    Readonly<Record<Method, { readonly n: number; readonly hits5: number }>>
  >;
}

export interface EvaluationOptions {
  readonly predictor: Predictor;
  readonly record: (user: UserId, event: AccessEvent) => Promise<unknown>;
  /** A user's accesses before this many are learnt from but not predicted. Defaults to 5. */
  readonly warmUp?: number | undefined;
}

const methodNames = Object.keys(methods) as readonly Method[];

/**
 * Goes through a history in the order of time: predicts each access from those before it, and only then learns it.
 *
 * @see "The prequential approach", Journal of the Royal Statistical Society A 147(2), 1984
 */
export async function evaluate(
  history: readonly HistoricAccess[],
  { predictor, record, warmUp = 5 }: EvaluationOptions,
): Promise<Evaluation> {
  const seen = new Map<UserId, Set<string>>();
  const accesses = new Map<UserId, number>();
  const tallies = new Map<UserId, Record<Method, Tally>>();
  let repeats = 0;
  for (const { user, event } of history) {
    const before = accesses.get(user) ?? 0;
    const items = seen.get(user) ?? new Set();
    if (before >= warmUp) {
      const tally = tallies.get(user) ?? newTallies();
      tallies.set(user, tally);
      const rankings = await predictor.rankings(user, event.at);
      for (const method of methodNames)
        count(
          tally[method],
          rankings(method).findIndex(({ itemId }) => itemId === event.itemId),
        );
      if (items.has(event.itemId)) repeats += 1;
    }
    await record(user, event);
    accesses.set(user, before + 1);
    seen.set(user, items.add(event.itemId));
  }
  return { ...summed(tallies), repeats, byUser: tallies };
}

interface Tally {
  n: number;
  hits1: number;
  hits5: number;
  reciprocal: number;
}

const newTallies = (): Record<Method, Tally> => ({ blend: empty(), popularity: empty(), frequency: empty() });
const empty = (): Tally => ({ n: 0, hits1: 0, hits5: 0, reciprocal: 0 });

/** @param place - From 0; -1 if the item is not there. */
function count(tally: Tally, place: number): void {
  tally.n += 1;
  if (place === 0) tally.hits1 += 1;
  if (place >= 0 && place < 5) tally.hits5 += 1;
  if (place >= 0 && place < 10) tally.reciprocal += 1 / (place + 1);
}

function summed(tallies: ReadonlyMap<UserId, Record<Method, Tally>>): Pick<Evaluation, 'n' | 'scores'> {
  const total = newTallies();
  for (const tally of tallies.values())
    for (const method of methodNames)
      for (const field of ['n', 'hits1', 'hits5', 'reciprocal'] as const)
        total[method][field] += tally[method][field];
  const scores = Object.fromEntries(methodNames.map((method) => [method, scoreOf(total[method])]));
  return { n: total.blend.n, scores: scores as Record<Method, MethodScore> };
}

function scoreOf({ n, hits1, hits5, reciprocal }: Tally): MethodScore {
  const of = Math.max(n, 1);
  return { hit1: hits1 / of, hit5: hits5 / of, mrr: reciprocal / of };
}
