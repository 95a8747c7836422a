import type { VocabularyWord } from '../../domain/spelling.ts';
import type { UserId } from '../../domain/user-id.ts';
import type { ItemFilter, Snippet, TextHit } from '../contract.ts';
import { number, snippetOf, string } from '../rows.ts';
import { type Dialect, query, type SqlValue, type Work } from '../sql-work.ts';
import { filterSql } from './items.ts';
import { findUser } from './users.ts';

export function* matchItems(
  dialect: Dialect,
  user: UserId,
  terms: readonly string[],
  { limit, ...filter }: ItemFilter & { readonly limit: number },
): Work<readonly TextHit[]> {
  const owner = yield* findUser(user);
  if (owner === undefined || terms.length === 0) return [];
  const parameters: SqlValue[] = [user, dialect.anyOf(terms, owner.seq), limit];
  const conditions = filterSql(dialect, filter, parameters);
  const rows = yield* query(dialect.match(conditions), ...parameters);
  return rows.map((row) => ({ itemId: string(row, 'id'), score: number(row, 'score') }));
}

export function* readSnippets(
  dialect: Dialect,
  user: UserId,
  terms: readonly string[],
  itemIds: readonly string[],
): Work<ReadonlyMap<string, Snippet>> {
  const owner = yield* findUser(user);
  if (owner === undefined || terms.length === 0) return new Map();
  const rows = yield* query(
    dialect.snippets(),
    user,
    dialect.anyOf(terms, owner.seq),
    JSON.stringify(itemIds),
  );
  const snippets = rows.map((row) => [string(row, 'id'), snippetOf(string(row, 'passage'))] as const);
  return new Map(snippets.filter(([, { highlights }]) => highlights.length > 0));
}

export function* termFrequencies(
  dialect: Dialect,
  user: UserId,
  terms: readonly string[],
): Work<ReadonlyMap<string, number>> {
  const rows = yield* query(
    `SELECT term, documents FROM vocabulary WHERE user_id = $1 AND term IN (${dialect.values('$2')})`,
    user,
    JSON.stringify(terms),
  );
  return new Map(rows.map((row) => [string(row, 'term'), number(row, 'documents')]));
}

export function* similarWords(user: UserId, term: string): Work<readonly VocabularyWord[]> {
  const [first = ''] = term;
  const length = Array.from(term).length;
  const rows = yield* query(
    `SELECT term, documents FROM vocabulary
     WHERE user_id = $1 AND term >= $2 AND term < $3 AND LENGTH(term) BETWEEN $4 AND $5`,
    user,
    first,
    following(first),
    length - 1,
    length + 1,
  );
  return rows.map((row) => ({ term: string(row, 'term'), documents: number(row, 'documents') }));
}

/** The character after this one: both databases compare by code point. */
function following(character: string): string {
  const next = (character.codePointAt(0) ?? 0) + 1;
  // Surrogates stand for no character of their own.
  return String.fromCodePoint(next === 0xd8_00 ? 0xe0_00 : next);
}
