import type { UserId } from '../../domain/user-id.ts';
import { number } from '../rows.ts';
import { query, type Work } from '../sql-work.ts';
import { share } from './sharing.ts';

export interface UserRow {
  /** Stands for the user in the text index. */
  readonly seq: number;
  readonly sharing: boolean;
}

/** The user's row, made if it is missing, and locked until the transaction ends: the user's writes happen in turn. */
export function* lockUser(user: UserId): Work<UserRow> {
  const [row = {}] = yield* query(
    `INSERT INTO users (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = excluded.id
     RETURNING CAST(seq AS INTEGER) AS seq, sharing`,
    user,
  );
  return { seq: number(row, 'seq'), sharing: number(row, 'sharing') === 1 };
}

export function* findUser(user: UserId): Work<UserRow | undefined> {
  const [row] = yield* query('SELECT CAST(seq AS INTEGER) AS seq, sharing FROM users WHERE id = $1', user);
  return row && { seq: number(row, 'seq'), sharing: number(row, 'sharing') === 1 };
}

export function* bumpRevision(user: UserId): Work<void> {
  yield* query('UPDATE users SET revision = revision + 1 WHERE id = $1', user);
}

export function* revision(user: UserId): Work<string> {
  const [row] = yield* query('SELECT CAST(seq AS INTEGER) AS seq, revision FROM users WHERE id = $1', user);
  // A user who was erased and comes back has another number.
  return row === undefined ? '' : `${number(row, 'seq')}.${number(row, 'revision')}`;
}

export function* setSharing(user: UserId, sharing: boolean): Work<void> {
  const before = yield* lockUser(user);
  if (before.sharing === sharing) return;
  yield* query('UPDATE users SET sharing = $2 WHERE id = $1', user, sharing ? 1 : 0);
  yield* share(user, sharing ? 1 : -1);
}

export function* eraseUser(user: UserId): Work<void> {
  const { sharing } = yield* lockUser(user);
  if (sharing) yield* share(user, -1);
  // The other tables follow their items.
  yield* query('DELETE FROM items WHERE user_id = $1', user);
  yield* query('DELETE FROM vocabulary WHERE user_id = $1', user);
  yield* query('DELETE FROM users WHERE id = $1', user);
}
