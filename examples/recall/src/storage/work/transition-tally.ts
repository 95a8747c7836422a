import { halfLives, weightAt } from '../../domain/decay.ts';
import type { AccessEvent } from '../../domain/model.ts';
import type { UserId } from '../../domain/user-id.ts';
import { number } from '../rows.ts';
import { query, type Work } from '../sql-work.ts';

/** Accesses further apart do not follow one another, even in one session. */
const maxGapMs = 30 * 60_000;

/** An access as far as its place in a session goes. */
export type Access = Pick<AccessEvent, 'eventId' | 'itemId' | 'at' | 'session'>;

interface Change {
  readonly from: string;
  readonly to: string;
  times: number;
  weight: number;
}

/**
 * What accesses that come or go change in the transitions between items.
 *
 * Invariant: the transitions are at all times those between neighbours in each session, ordered by time, whatever the
 * order in which the accesses became known.
 */
export class TransitionTally {
  readonly #changes = new Map<string, Change>();

  /** `event` came between the two: it parts them. */
  insert(event: Access, before: Access | undefined, after: Access | undefined): void {
    this.#add(before, after, -1);
    this.#add(before, event, 1);
    this.#add(event, after, 1);
  }

  /** `event` went from between the two: they meet. */
  remove(event: Access, before: Access | undefined, after: Access | undefined): void {
    this.#add(before, event, -1);
    this.#add(event, after, -1);
    this.#add(before, after, 1);
  }

  /** Leaves out all that concerns an item whose transitions go as a whole. */
  dropItem(itemId: string): void {
    for (const [key, change] of this.#changes)
      if (change.from === itemId || change.to === itemId) this.#changes.delete(key);
  }

  *apply(user: UserId, sharing: boolean): Work<void> {
    const shared: (Change & { users: number })[] = [];
    for (const change of this.#changes.values()) {
      if (change.times === 0 && change.weight === 0) continue;
      const users = yield* store(user, change);
      if (sharing) shared.push(...(yield* bySource(user, change, users)));
    }
    // In the order of their keys, so that two users' transactions cannot block each other.
    shared.sort((a, b) => (a.from === b.from ? (a.to < b.to ? -1 : 1) : a.from < b.from ? -1 : 1));
    for (const change of shared) yield* storeShared(change);
  }

  #add(from: Access | undefined, to: Access | undefined, sign: 1 | -1): void {
    if (from === undefined || to === undefined) return;
    if (from.itemId === to.itemId || to.at - from.at > maxGapMs) return;
    const key = `${from.itemId} ${to.itemId}`;
    const change = this.#changes.get(key) ?? { from: from.itemId, to: to.itemId, times: 0, weight: 0 };
    change.times += sign;
    change.weight += sign * weightAt(to.at, halfLives.transition);
    this.#changes.set(key, change);
  }
}

/** Answers by how much the number of users who have the transition changed: 1, 0 or -1. */
function* store(user: UserId, { from, to, times, weight }: Change): Work<number> {
  const [row = {}] = yield* query(
    `INSERT INTO transitions (user_id, from_item, to_item, times, weight) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (user_id, from_item, to_item) DO UPDATE SET
       times = transitions.times + excluded.times, weight = transitions.weight + excluded.weight
     RETURNING times`,
    user,
    from,
    to,
    times,
    weight,
  );
  const now = number(row, 'times');
  if (now === 0) {
    yield* query(
      'DELETE FROM transitions WHERE user_id = $1 AND from_item = $2 AND to_item = $3',
      user,
      from,
      to,
    );
  }
  return Number(now > 0) - Number(now - times > 0);
}

function* bySource(
  user: UserId,
  { from, to, times, weight }: Change,
  users: number,
): Work<(Change & { users: number })[]> {
  const rows = yield* query(
    `SELECT f.source AS from_source, t.source AS to_source FROM items f JOIN items t ON t.user_id = f.user_id
     WHERE f.user_id = $1 AND f.id = $2 AND t.id = $3 AND f.source IS NOT NULL AND t.source IS NOT NULL`,
    user,
    from,
    to,
  );
  return rows.map((row) => ({
    from: row['from_source'] as string,
    to: row['to_source'] as string,
    times,
    weight,
    users,
  }));
}

function* storeShared({ from, to, users, weight }: Change & { users: number }): Work<void> {
  const [row = {}] = yield* query(
    `INSERT INTO shared_transitions (from_source, to_source, users, weight) VALUES ($1, $2, $3, $4)
     ON CONFLICT (from_source, to_source) DO UPDATE SET
       users = shared_transitions.users + excluded.users, weight = shared_transitions.weight + excluded.weight
     RETURNING users`,
    from,
    to,
    users,
    weight,
  );
  if (number(row, 'users') > 0) return;
  yield* query(
    'DELETE FROM shared_transitions WHERE from_source = $1 AND to_source = $2 AND users <= 0',
    from,
    to,
  );
}
