import { type Dialect, highlightEnd, highlightStart } from './sql-work.ts';

/** Weights of the index's columns: owner, title, body, tags. */
const ranking = 'bm25(items_words, 0, 4, 1, 2)';

const marks = [highlightStart, highlightEnd].map((mark) => `char(${mark.charCodeAt(0)})`).join(', ');

/** FTS5: Porter stems, BM25. */
export const sqliteDialect: Dialect = {
  values: (parameter) => `SELECT value FROM json_each(${parameter})`,
  contains: (column, parameter) => `EXISTS (SELECT 1 FROM json_each(${column}) WHERE value = ${parameter})`,
  // Terms have no quotation marks, so that none can end its string early.
  anyOf: (terms, owner) =>
    `owner : "u${owner}" AND {title body tags} : (${terms.map((term) => `"${term}"`).join(' OR ')})`,
  match: (filter) => `
    SELECT items.id, -${ranking} AS score
    FROM items_words JOIN items ON items.seq = items_words.rowid
    WHERE items_words MATCH $2 AND items.user_id = $1 ${filter}
    ORDER BY score DESC, items.id LIMIT $3`,
  snippets: () => `
    SELECT items.id, snippet(items_words, 2, ${marks}, '…', 24) AS passage
    FROM items_words JOIN items ON items.seq = items_words.rowid
    WHERE items_words MATCH $2 AND items.user_id = $1
      AND items_words.rowid IN (
        SELECT seq FROM items WHERE user_id = $1 AND id IN (SELECT value FROM json_each($3))
      )`,
};
