import { slotAt } from '../../domain/decay.ts';
import type { UserId } from '../../domain/user-id.ts';
import type { AccessStatistics, OpenedItem, StatisticsOptions, Transition } from '../contract.ts';
import { number, string } from '../rows.ts';
import { type Dialect, query, type Row, type Work } from '../sql-work.ts';

/** How many of each kind of row a prediction reads at most, so that its cost is bounded whatever the history. */
const most = { recent: 3, items: 500, transitions: 200, popular: 30, popularSources: 200 };

/** Reads running sums alone; no statement here visits more than three access events. */
export function* readStatistics(
  dialect: Dialect,
  user: UserId,
  { at, context, minUsers }: StatisticsOptions,
): Work<AccessStatistics> {
  const latest = yield* recentAccesses(user, at);
  const recent =
    context === undefined
      ? latest
      : [{ itemId: context, at }, ...latest.filter(({ itemId }) => itemId !== context)].slice(0, most.recent);
  const from = JSON.stringify(recent.map(({ itemId }) => itemId));
  return {
    recent,
    items: (yield* openedItems(user, at, minUsers)).map((row) => ({
      itemId: string(row, 'item_id'),
      count: number(row, 'accesses'),
      frequency: number(row, 'frequency'),
      lastAt: number(row, 'last_at'),
      slotWeight: number(row, 'slot_weight'),
      slotTotal: number(row, 'slot_total'),
      popularity: number(row, 'shared'),
    })),
    transitions: (yield* ownTransitions(dialect, user, from)).map(transitionOf),
    sharedTransitions: (yield* sharedTransitions(dialect, user, from, minUsers)).map(transitionOf),
    popular: (yield* popularItems(user, minUsers)).map((row) => ({
      itemId: string(row, 'id'),
      popularity: number(row, 'weight'),
    })),
  };
}

function* recentAccesses(user: UserId, at: number): Work<AccessStatistics['recent']> {
  const rows = yield* query(
    `SELECT item_id, at FROM access_events WHERE user_id = $1 AND at <= $2
     ORDER BY at DESC, event_id DESC LIMIT ${most.recent}`,
    user,
    at,
  );
  return rows.map((row) => ({ itemId: string(row, 'item_id'), at: number(row, 'at') }));
}

const openedItems = (user: UserId, at: number, minUsers: number): Work<readonly Row[]> =>
  query(
    `SELECT s.item_id, s.accesses, s.frequency, s.last_at, COALESCE(p.weight, 0) AS shared,
       COALESCE(t.weight, 0) AS slot_weight, COALESCE(t.total, 0) AS slot_total
     FROM (SELECT * FROM item_statistics WHERE user_id = $1 ORDER BY last_at DESC LIMIT ${most.items}) s
       JOIN items i ON i.user_id = s.user_id AND i.id = s.item_id
       LEFT JOIN shared_popularity p ON p.source = i.source AND p.users >= $3
       LEFT JOIN (
         SELECT item_id, SUM(weight) AS total, SUM(CASE WHEN slot = $2 THEN weight ELSE 0 END) AS weight
         FROM item_slots WHERE user_id = $1 GROUP BY item_id
       ) t ON t.item_id = s.item_id
     ORDER BY s.last_at DESC, s.item_id`,
    user,
    slotAt(at),
    minUsers,
  );

const ownTransitions = (dialect: Dialect, user: UserId, from: string): Work<readonly Row[]> =>
  query(
    `SELECT from_item, to_item, weight FROM transitions
     WHERE user_id = $1 AND from_item IN (${dialect.values('$2')})
     ORDER BY weight DESC, to_item LIMIT ${most.transitions}`,
    user,
    from,
  );

const sharedTransitions = (
  dialect: Dialect,
  user: UserId,
  from: string,
  minUsers: number,
): Work<readonly Row[]> =>
  query(
    `SELECT f.id AS from_item, t.id AS to_item, x.weight AS weight
     FROM items f
       JOIN shared_transitions x ON x.from_source = f.source AND x.users >= $3
       JOIN items t ON t.user_id = f.user_id AND t.source = x.to_source
     WHERE f.user_id = $1 AND f.id IN (${dialect.values('$2')})
     ORDER BY x.weight DESC, t.id LIMIT ${most.transitions}`,
    user,
    from,
    minUsers,
  );

const popularItems = (user: UserId, minUsers: number): Work<readonly Row[]> =>
  query(
    `SELECT i.id, p.weight AS weight
     FROM (SELECT source, weight FROM shared_popularity WHERE users >= $2
           ORDER BY weight DESC LIMIT ${most.popularSources}) p
       JOIN items i ON i.user_id = $1 AND i.source = p.source
     ORDER BY p.weight DESC, i.id LIMIT ${most.popular}`,
    user,
    minUsers,
  );

/** In both directions: what belongs together was opened together, whichever came first. */
export function* readNeighbours(
  dialect: Dialect,
  user: UserId,
  itemIds: readonly string[],
  limit: number,
): Work<readonly Transition[]> {
  const ids = dialect.values('$2');
  const rows = yield* query(
    `SELECT from_item, to_item, SUM(weight) AS weight FROM (
       SELECT from_item, to_item, weight FROM transitions WHERE user_id = $1 AND from_item IN (${ids})
       UNION ALL
       SELECT to_item, from_item, weight FROM transitions WHERE user_id = $1 AND to_item IN (${ids})
     ) AS both_ways GROUP BY from_item, to_item ORDER BY weight DESC, to_item LIMIT $3`,
    user,
    JSON.stringify(itemIds),
    limit,
  );
  return rows.map(transitionOf);
}

export function* readOpened(
  dialect: Dialect,
  user: UserId,
  itemIds: readonly string[],
): Work<ReadonlyMap<string, OpenedItem>> {
  const rows = yield* query(
    `SELECT item_id, accesses, frequency, last_at FROM item_statistics
     WHERE user_id = $1 AND item_id IN (${dialect.values('$2')})`,
    user,
    JSON.stringify(itemIds),
  );
  return new Map(rows.map((row) => [string(row, 'item_id'), openedOf(row)]));
}

const openedOf = (row: Row): OpenedItem => ({
  count: number(row, 'accesses'),
  frequency: number(row, 'frequency'),
  lastAt: number(row, 'last_at'),
});

const transitionOf = (row: Row): Transition => ({
  from: string(row, 'from_item'),
  to: string(row, 'to_item'),
  weight: number(row, 'weight'),
});
