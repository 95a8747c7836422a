/** The tables of both databases: `key` is a column that numbers rows, `bytes` the type of byte strings. */
export const tables = (key: string, bytes: string, text: string): string => `
CREATE TABLE users (
  seq ${key},
  id ${text} NOT NULL UNIQUE,
  revision INTEGER NOT NULL DEFAULT 0,
  sharing INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE items (
  seq ${key},
  user_id ${text} NOT NULL,
  owner ${text} NOT NULL,
  id ${text} NOT NULL,
  kind ${text} NOT NULL,
  title ${text} NOT NULL,
  body ${text} NOT NULL,
  tags ${text} NOT NULL,
  source ${text},
  links ${text} NOT NULL,
  version INTEGER NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  updated_at DOUBLE PRECISION NOT NULL,
  UNIQUE (user_id, id)
);
CREATE UNIQUE INDEX items_source ON items (user_id, source) WHERE source IS NOT NULL;

CREATE TABLE vocabulary (
  user_id ${text} NOT NULL,
  term ${text} NOT NULL,
  documents INTEGER NOT NULL,
  PRIMARY KEY (user_id, term)
);

CREATE TABLE access_events (
  user_id ${text} NOT NULL,
  event_id ${text} NOT NULL,
  item_id ${text} NOT NULL,
  at DOUBLE PRECISION NOT NULL,
  origin ${text} NOT NULL,
  session ${text} NOT NULL,
  PRIMARY KEY (user_id, event_id),
  FOREIGN KEY (user_id, item_id) REFERENCES items (user_id, id) ON DELETE CASCADE
);
CREATE INDEX access_events_at ON access_events (user_id, at, event_id);
CREATE INDEX access_events_session ON access_events (user_id, session, at, event_id);
CREATE INDEX access_events_item ON access_events (user_id, item_id);

CREATE TABLE item_statistics (
  user_id ${text} NOT NULL,
  item_id ${text} NOT NULL,
  accesses INTEGER NOT NULL,
  frequency DOUBLE PRECISION NOT NULL,
  popularity DOUBLE PRECISION NOT NULL,
  last_at DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (user_id, item_id),
  FOREIGN KEY (user_id, item_id) REFERENCES items (user_id, id) ON DELETE CASCADE
);
CREATE INDEX item_statistics_last_at ON item_statistics (user_id, last_at);

CREATE TABLE item_slots (
  user_id ${text} NOT NULL,
  item_id ${text} NOT NULL,
  slot INTEGER NOT NULL,
  weight DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (user_id, item_id, slot),
  FOREIGN KEY (user_id, item_id) REFERENCES items (user_id, id) ON DELETE CASCADE
);

CREATE TABLE transitions (
  user_id ${text} NOT NULL,
  from_item ${text} NOT NULL,
  to_item ${text} NOT NULL,
  times INTEGER NOT NULL,
  weight DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (user_id, from_item, to_item),
  FOREIGN KEY (user_id, from_item) REFERENCES items (user_id, id) ON DELETE CASCADE,
  FOREIGN KEY (user_id, to_item) REFERENCES items (user_id, id) ON DELETE CASCADE
);
CREATE INDEX transitions_to ON transitions (user_id, to_item);

CREATE TABLE vectors (
  user_id ${text} NOT NULL,
  item_id ${text} NOT NULL,
  model ${text} NOT NULL,
  v ${bytes} NOT NULL,
  PRIMARY KEY (user_id, model, item_id),
  FOREIGN KEY (user_id, item_id) REFERENCES items (user_id, id) ON DELETE CASCADE
);
CREATE INDEX vectors_item ON vectors (user_id, item_id);

CREATE TABLE shared_popularity (
  source ${text} PRIMARY KEY,
  users INTEGER NOT NULL,
  weight DOUBLE PRECISION NOT NULL
);
CREATE INDEX shared_popularity_weight ON shared_popularity (weight);

CREATE TABLE shared_transitions (
  from_source ${text} NOT NULL,
  to_source ${text} NOT NULL,
  users INTEGER NOT NULL,
  weight DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (from_source, to_source)
);
CREATE INDEX shared_popularity_unshared ON shared_popularity (users) WHERE users <= 0;
CREATE INDEX shared_transitions_unshared ON shared_transitions (users) WHERE users <= 0;
`;

/** In the order in which they can be dropped. */
export const tableNames = [
  'shared_transitions',
  'shared_popularity',
  'vectors',
  'transitions',
  'item_slots',
  'item_statistics',
  'access_events',
  'vocabulary',
  'items',
  'users',
] as const;
