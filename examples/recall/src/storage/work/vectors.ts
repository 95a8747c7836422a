import type { Item } from '../../domain/model.ts';
import type { UserId } from '../../domain/user-id.ts';
import type { ItemVector, PendingVector } from '../contract.ts';
import { itemColumns, itemOf, vectorOf } from '../rows.ts';
import { query, type Work } from '../sql-work.ts';
import { putVectors } from './items.ts';
import { bumpRevision, lockUser, revision } from './users.ts';

export function* putPending(user: UserId, vectors: readonly PendingVector[]): Work<number> {
  yield* lockUser(user);
  const current: PendingVector[] = [];
  for (const vector of vectors) {
    const rows = yield* query(
      'SELECT id FROM items WHERE user_id = $1 AND id = $2 AND version = $3',
      user,
      vector.itemId,
      vector.version,
    );
    if (rows.length === 1) current.push(vector);
  }
  yield* putVectors(user, current);
  yield* bumpRevision(user);
  return current.length;
}

export function* readVectors(
  user: UserId,
  model: string,
): Work<{ readonly revision: string; readonly vectors: readonly ItemVector[] }> {
  // The revision first: vectors that are newer than it only make their reader ask again.
  const at = yield* revision(user);
  const rows = yield* query(
    'SELECT item_id, v FROM vectors WHERE user_id = $1 AND model = $2 ORDER BY item_id',
    user,
    model,
  );
  return { revision: at, vectors: rows.map((row) => vectorOf(row, model)) };
}

export function* itemsWithoutVector(user: UserId, model: string, limit: number): Work<readonly Item[]> {
  const rows = yield* query(
    `SELECT ${itemColumns} FROM items WHERE user_id = $1 AND NOT EXISTS (
       SELECT 1 FROM vectors WHERE user_id = $1 AND model = $2 AND item_id = items.id
     ) ORDER BY id LIMIT $3`,
    user,
    model,
    limit,
  );
  return rows.map(itemOf);
}
