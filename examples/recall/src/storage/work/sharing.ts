import type { UserId } from '../../domain/user-id.ts';
import { query, type Work } from '../sql-work.ts';

/**
 * Adds what the user's own statistics say to those across users (`sign` 1), or takes it back (-1): of everything, or of
 * one item. The statistics across users are at all times the sum over the users who share.
 *
 * Rows are visited in the order of their keys, so that two users' transactions cannot block each other.
 */
export function* share(user: UserId, sign: 1 | -1, itemId?: string): Work<void> {
  const only = itemId === undefined ? [] : [itemId];
  yield* query(
    `INSERT INTO shared_popularity (source, users, weight)
     SELECT i.source, CAST($2 AS INTEGER), s.popularity * CAST($2 AS DOUBLE PRECISION)
     FROM item_statistics s JOIN items i ON i.user_id = s.user_id AND i.id = s.item_id
     WHERE s.user_id = $1 AND i.source IS NOT NULL ${itemId === undefined ? '' : 'AND s.item_id = $3'}
     ORDER BY i.source
     ON CONFLICT (source) DO UPDATE SET
       users = shared_popularity.users + excluded.users, weight = shared_popularity.weight + excluded.weight`,
    user,
    sign,
    ...only,
  );
  yield* query(
    `INSERT INTO shared_transitions (from_source, to_source, users, weight)
     SELECT f.source, t.source, CAST($2 AS INTEGER), x.weight * CAST($2 AS DOUBLE PRECISION)
     FROM transitions x
       JOIN items f ON f.user_id = x.user_id AND f.id = x.from_item
       JOIN items t ON t.user_id = x.user_id AND t.id = x.to_item
     WHERE x.user_id = $1 AND f.source IS NOT NULL AND t.source IS NOT NULL
       ${itemId === undefined ? '' : 'AND (x.from_item = $3 OR x.to_item = $3)'}
     ORDER BY f.source, t.source
     ON CONFLICT (from_source, to_source) DO UPDATE SET
       users = shared_transitions.users + excluded.users, weight = shared_transitions.weight + excluded.weight`,
    user,
    sign,
    ...only,
  );
  if (sign === -1) yield* dropUnshared();
}

/** Deletes what no user shares any more. */
function* dropUnshared(): Work<void> {
  yield* query('DELETE FROM shared_popularity WHERE users <= 0');
  yield* query('DELETE FROM shared_transitions WHERE users <= 0');
}
