import type { Migration } from '@holdfast/persistence';

import { tableNames, tables } from './schema.ts';

/**
 * The index of all words. The owner is a word of each item, so that a query touches the lists of one user's items. Its
 * text stays in `items`.
 */
const words = `
CREATE VIRTUAL TABLE items_words USING fts5 (
  owner, title, body, tags, content = 'items', content_rowid = 'seq', tokenize = 'porter unicode61'
);
CREATE TRIGGER items_words_insert AFTER INSERT ON items BEGIN
  INSERT INTO items_words (rowid, owner, title, body, tags)
  VALUES (new.seq, new.owner, new.title, new.body, new.tags);
END;
CREATE TRIGGER items_words_delete AFTER DELETE ON items BEGIN
  INSERT INTO items_words (items_words, rowid, owner, title, body, tags)
  VALUES ('delete', old.seq, old.owner, old.title, old.body, old.tags);
END;
CREATE TRIGGER items_words_update AFTER UPDATE OF title, body, tags ON items BEGIN
  INSERT INTO items_words (items_words, rowid, owner, title, body, tags)
  VALUES ('delete', old.seq, old.owner, old.title, old.body, old.tags);
  INSERT INTO items_words (rowid, owner, title, body, tags)
  VALUES (new.seq, new.owner, new.title, new.body, new.tags);
END;
`;

/** For `migrate` of @holdfast/persistence. */
export const sqliteMigrations: readonly Migration[] = [
  {
    id: '0001-recall',
    up: tables('INTEGER PRIMARY KEY AUTOINCREMENT', 'BLOB', 'TEXT') + words,
    down: ['items_words', ...tableNames].map((name) => `DROP TABLE ${name};`).join('\n'),
  },
];
