import type { Item, ItemSummary } from '../../domain/model.ts';
import { vocabularyTerms } from '../../domain/text.ts';
import type { UserId } from '../../domain/user-id.ts';
import type { Deleted, Inserted, ItemFilter, ItemVector, Updated } from '../contract.ts';
import { bytesOf, itemColumns, itemOf, number, string, summaryColumns, summaryOf } from '../rows.ts';
import { type Dialect, query, type SqlValue, type Work } from '../sql-work.ts';
import { forgetItem } from './events.ts';
import { bumpRevision, lockUser } from './users.ts';

export function* insertItems(
  dialect: Dialect,
  user: UserId,
  items: readonly Item[],
  vectors: readonly ItemVector[],
): Work<readonly Inserted[]> {
  const { seq } = yield* lockUser(user);
  const answers: Inserted[] = [];
  for (const item of items) {
    const stored = yield* query(
      `INSERT INTO items
         (user_id, owner, id, kind, title, body, tags, source, links, version, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING RETURNING id`,
      user,
      `u${seq}`,
      item.id,
      item.kind,
      item.title,
      item.body,
      JSON.stringify(item.tags),
      item.source ?? null,
      JSON.stringify(item.links),
      item.version,
      item.createdAt,
      item.updatedAt,
    );
    if (stored.length === 1) {
      yield* countTerms(dialect, user, item);
      answers.push({ inserted: true });
    } else {
      const [row = {}] = yield* query(
        'SELECT id FROM items WHERE user_id = $1 AND (source = $2 OR id = $3)',
        user,
        item.source ?? null,
        item.id,
      );
      answers.push({ inserted: false, itemId: string(row, 'id') });
    }
  }
  yield* putVectors(user, vectors);
  yield* bumpRevision(user);
  return answers;
}

export function* getItem(user: UserId, itemId: string): Work<Item | undefined> {
  const [row] = yield* query(`SELECT ${itemColumns} FROM items WHERE user_id = $1 AND id = $2`, user, itemId);
  return row && itemOf(row);
}

export function* getItems(dialect: Dialect, user: UserId, itemIds: readonly string[]): Work<readonly Item[]> {
  const rows = yield* query(selectMany(itemColumns, dialect), user, JSON.stringify(itemIds));
  return rows.map(itemOf);
}

export function* getSummaries(
  dialect: Dialect,
  user: UserId,
  itemIds: readonly string[],
): Work<readonly ItemSummary[]> {
  const rows = yield* query(selectMany(summaryColumns, dialect), user, JSON.stringify(itemIds));
  return rows.map(summaryOf);
}

const selectMany = (columns: string, dialect: Dialect): string =>
  `SELECT ${columns} FROM items WHERE user_id = $1 AND id IN (${dialect.values('$2')})`;

export function* listItems(
  dialect: Dialect,
  user: UserId,
  page: ItemFilter & { readonly limit: number; readonly after?: string | undefined },
): Work<readonly ItemSummary[]> {
  const parameters: SqlValue[] = [user, page.limit];
  const after = page.after === undefined ? '' : `AND id < $${parameters.push(page.after)}`;
  const rows = yield* query(
    `SELECT ${summaryColumns} FROM items
     WHERE user_id = $1 ${after} ${filterSql(dialect, page, parameters)} ORDER BY id DESC LIMIT $2`,
    ...parameters,
  );
  return rows.map(summaryOf);
}

/** The conditions of a filter; its values are pushed onto `parameters`. */
export function filterSql(dialect: Dialect, { kind, tag }: ItemFilter, parameters: SqlValue[]): string {
  const conditions: string[] = [];
  if (kind !== undefined) conditions.push(`AND items.kind = $${parameters.push(kind)}`);
  if (tag !== undefined) conditions.push(`AND ${dialect.contains('items.tags', `$${parameters.push(tag)}`)}`);
  return conditions.join(' ');
}

export function* updateItem(
  dialect: Dialect,
  user: UserId,
  item: Item,
  expected: number,
  vectors: readonly ItemVector[],
): Work<Updated> {
  yield* lockUser(user);
  const before = yield* getItem(user, item.id);
  if (before === undefined) return { outcome: 'missing' };
  if (before.version !== expected) return { outcome: 'conflict', version: before.version };
  yield* query(
    `UPDATE items SET kind = $3, title = $4, body = $5, tags = $6, links = $7, version = $8, updated_at = $9
     WHERE user_id = $1 AND id = $2`,
    user,
    item.id,
    item.kind,
    item.title,
    item.body,
    JSON.stringify(item.tags),
    JSON.stringify(item.links),
    item.version,
    item.updatedAt,
  );
  yield* discountTerms(dialect, user, before);
  yield* countTerms(dialect, user, item);
  yield* query('DELETE FROM vectors WHERE user_id = $1 AND item_id = $2', user, item.id);
  yield* putVectors(user, vectors);
  yield* bumpRevision(user);
  return { outcome: 'updated' };
}

export function* deleteItem(
  dialect: Dialect,
  user: UserId,
  itemId: string,
  expected?: number,
): Work<Deleted> {
  const { sharing } = yield* lockUser(user);
  const item = yield* getItem(user, itemId);
  if (item === undefined) return { outcome: 'missing' };
  if (expected !== undefined && item.version !== expected)
    return { outcome: 'conflict', version: item.version };
  yield* forgetItem(user, sharing, itemId);
  yield* discountTerms(dialect, user, item);
  yield* query('DELETE FROM items WHERE user_id = $1 AND id = $2', user, itemId);
  yield* bumpRevision(user);
  return { outcome: 'deleted' };
}

export function* countItems(user: UserId): Work<number> {
  const [row = {}] = yield* query(
    'SELECT CAST(COUNT(*) AS INTEGER) AS n FROM items WHERE user_id = $1',
    user,
  );
  return number(row, 'n');
}

/** Stores vectors of items that there are. */
export function* putVectors(user: UserId, vectors: readonly ItemVector[]): Work<void> {
  for (const { itemId, model, values } of vectors) {
    yield* query(
      `INSERT INTO vectors (user_id, item_id, model, v)
       SELECT user_id, id, CAST($3 AS TEXT), $4 FROM items WHERE user_id = $1 AND id = $2
       ON CONFLICT (user_id, model, item_id) DO UPDATE SET v = excluded.v`,
      user,
      itemId,
      model,
      bytesOf(values),
    );
  }
}

function* countTerms(dialect: Dialect, user: UserId, item: Item): Work<void> {
  yield* query(
    `INSERT INTO vocabulary (user_id, term, documents)
     SELECT CAST($1 AS TEXT), value, 1 FROM (${dialect.values('$2')}) AS terms WHERE true
     ON CONFLICT (user_id, term) DO UPDATE SET documents = vocabulary.documents + 1`,
    user,
    JSON.stringify(vocabularyTerms(item)),
  );
}

function* discountTerms(dialect: Dialect, user: UserId, item: Item): Work<void> {
  const terms = JSON.stringify(vocabularyTerms(item));
  const ofItem = `user_id = $1 AND term IN (${dialect.values('$2')})`;
  yield* query(`UPDATE vocabulary SET documents = documents - 1 WHERE ${ofItem}`, user, terms);
  yield* query(`DELETE FROM vocabulary WHERE ${ofItem} AND documents <= 0`, user, terms);
}
