import { tables } from './schema.ts';

/** Compared by code point on every server, as SQLite does. */
const text = 'TEXT COLLATE "C"';

// Without these the parser takes `node.js` for a host and `a/b` for a file, each one word.
const plain = (column: string): string => `translate(${column}, './_:@-', '      ')`;
const weighted = (column: string, weight: string): string =>
  `setweight(to_tsvector('english', ${plain(column)}), '${weight}')`;

const words = `
ALTER TABLE items ADD COLUMN words TSVECTOR GENERATED ALWAYS AS (
  ${weighted('title', 'A')} || ${weighted('tags', 'B')} || ${weighted('body', 'C')}
) STORED;
CREATE INDEX items_words ON items USING GIN (words);
`;

/** Applied in this order, each once. */
export const postgresMigrations: readonly { readonly id: string; readonly up: string }[] = [
  {
    id: '0001-recall',
    up: tables('BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY', 'BYTEA', text) + words,
  },
];
