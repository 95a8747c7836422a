import { halfLives, slotAt, weightAt } from '../../domain/decay.ts';
import type { AccessEvent, RecordedEvents } from '../../domain/model.ts';
import type { UserId } from '../../domain/user-id.ts';
import { number, string } from '../rows.ts';
import { query, type Row, type Work } from '../sql-work.ts';
import { share } from './sharing.ts';
import { type Access, TransitionTally } from './transition-tally.ts';
import { lockUser } from './users.ts';

export function* recordEvents(user: UserId, events: readonly AccessEvent[]): Work<RecordedEvents> {
  const { sharing } = yield* lockUser(user);
  const transitions = new TransitionTally();
  const popularity = new Map<string, { users: number; weight: number }>();
  const recorded = { accepted: 0, duplicates: 0, unknown: 0 };
  for (const event of events) {
    const [item] = yield* query(
      'SELECT source FROM items WHERE user_id = $1 AND id = $2',
      user,
      event.itemId,
    );
    if (item === undefined) {
      recorded.unknown += 1;
    } else if (yield* insertEvent(user, event)) {
      recorded.accepted += 1;
      const first = yield* countAccess(user, event);
      transitions.insert(event, ...(yield* neighboursOf(user, event)));
      const source = item['source'] as string | null;
      if (source !== null) {
        const sum = popularity.get(source) ?? { users: 0, weight: 0 };
        sum.users += first ? 1 : 0;
        sum.weight += weightAt(event.at, halfLives.popularity);
        popularity.set(source, sum);
      }
    } else {
      recorded.duplicates += 1;
    }
  }
  if (sharing) yield* addPopularity(popularity);
  yield* transitions.apply(user, sharing);
  return recorded;
}

/** Takes back what the item's accesses did: the accesses before and after one become neighbours. */
export function* forgetItem(user: UserId, sharing: boolean, itemId: string): Work<void> {
  if (sharing) yield* share(user, -1, itemId);
  const events = yield* query(
    'SELECT event_id, item_id, at, session FROM access_events WHERE user_id = $1 AND item_id = $2',
    user,
    itemId,
  );
  const transitions = new TransitionTally();
  for (const row of events) {
    const event = accessOf(row);
    transitions.remove(event, ...(yield* neighboursOf(user, event)));
    yield* query('DELETE FROM access_events WHERE user_id = $1 AND event_id = $2', user, event.eventId);
  }
  transitions.dropItem(itemId);
  yield* transitions.apply(user, sharing);
}

function* insertEvent(user: UserId, event: AccessEvent): Work<boolean> {
  const stored = yield* query(
    `INSERT INTO access_events (user_id, event_id, item_id, at, origin, session)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING event_id`,
    user,
    event.eventId,
    event.itemId,
    event.at,
    event.origin,
    event.session,
  );
  return stored.length === 1;
}

/** Answers whether it was the user's first access to the item. */
function* countAccess(user: UserId, { itemId, at }: AccessEvent): Work<boolean> {
  const [row = {}] = yield* query(
    `INSERT INTO item_statistics (user_id, item_id, accesses, frequency, popularity, last_at)
     VALUES ($1, $2, 1, $3, $4, $5)
     ON CONFLICT (user_id, item_id) DO UPDATE SET
       accesses = item_statistics.accesses + 1,
       frequency = item_statistics.frequency + excluded.frequency,
       popularity = item_statistics.popularity + excluded.popularity,
       last_at = CASE WHEN excluded.last_at > item_statistics.last_at
         THEN excluded.last_at ELSE item_statistics.last_at END
     RETURNING accesses`,
    user,
    itemId,
    weightAt(at, halfLives.frequency),
    weightAt(at, halfLives.popularity),
    at,
  );
  yield* query(
    `INSERT INTO item_slots (user_id, item_id, slot, weight) VALUES ($1, $2, $3, $4)
     ON CONFLICT (user_id, item_id, slot) DO UPDATE SET weight = item_slots.weight + excluded.weight`,
    user,
    itemId,
    slotAt(at),
    weightAt(at, halfLives.slot),
  );
  return number(row, 'accesses') === 1;
}

/** The accesses right before and after this one in its session. */
function* neighboursOf(user: UserId, event: Access): Work<[Access | undefined, Access | undefined]> {
  const [before] = yield* beside(user, event, '<', 'DESC');
  const [after] = yield* beside(user, event, '>', 'ASC');
  return [before && accessOf(before), after && accessOf(after)];
}

const beside = (user: UserId, event: Access, side: '<' | '>', order: 'ASC' | 'DESC'): Work<readonly Row[]> =>
  query(
    `SELECT event_id, item_id, at, session FROM access_events
     WHERE user_id = $1 AND session = $2 AND (at, event_id) ${side} ($3, $4)
     ORDER BY at ${order}, event_id ${order} LIMIT 1`,
    user,
    event.session,
    event.at,
    event.eventId,
  );

const accessOf = (row: Row): Access => ({
  eventId: string(row, 'event_id'),
  itemId: string(row, 'item_id'),
  at: number(row, 'at'),
  session: string(row, 'session'),
});

function* addPopularity(
  popularity: ReadonlyMap<string, { readonly users: number; readonly weight: number }>,
): Work<void> {
  for (const [source, { users, weight }] of [...popularity].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    yield* query(
      `INSERT INTO shared_popularity (source, users, weight) VALUES ($1, $2, $3)
       ON CONFLICT (source) DO UPDATE SET
         users = shared_popularity.users + excluded.users, weight = shared_popularity.weight + excluded.weight`,
      source,
      users,
      weight,
    );
  }
}
