import { type Dialect, highlightEnd, highlightStart } from './sql-work.ts';

const headline = `StartSel=${highlightStart}, StopSel=${highlightEnd}, MaxWords=24, MinWords=12, MaxFragments=1, FragmentDelimiter=…`;

/** `tsvector` with English stems; `ts_rank` with normalisation 1: divided by 1 + log of the length. */
export const postgresDialect: Dialect = {
  values: (parameter) => `SELECT value FROM jsonb_array_elements_text(CAST(${parameter} AS JSONB)) AS value`,
  contains: (column, parameter) => `jsonb_exists(CAST(${column} AS JSONB), ${parameter})`,
  // Terms have no apostrophes, so that none can end its string early.
  anyOf: (terms) => terms.map((term) => `'${term}'`).join(' | '),
  match: (filter) => `
    SELECT items.id, ts_rank('{0, 0.1, 0.2, 0.4}', items.words, asked, 1) AS score
    FROM items, to_tsquery('english', $2) AS asked
    WHERE items.user_id = $1 AND items.words @@ asked ${filter}
    ORDER BY score DESC, items.id LIMIT $3`,
  snippets: () => `
    SELECT items.id, ts_headline('english', items.body, asked, '${headline}') AS passage
    FROM items, to_tsquery('english', $2) AS asked
    WHERE items.user_id = $1
      AND items.id IN (SELECT value FROM jsonb_array_elements_text(CAST($3 AS JSONB)) AS value)`,
};
