import { DatabaseSync } from 'node:sqlite';
import { MemoryStore, type RateLimitStore } from '@holdfast/rate-limiter';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';
import { describe } from 'vitest';
import { BetterSqlite3 } from '../sqlite/engines.ts';
import { itTellsSubjectsApart } from './subjects.ts';

describe.each<[string, () => RateLimitStore]>([
  ['memory', () => new MemoryStore()],
  ['node:sqlite', () => new SqliteStore(new DatabaseSync(':memory:'))],
  ['better-sqlite3', () => new SqliteStore(new BetterSqlite3(':memory:'))],
])('subjects in %s', (_, open) => {
  itTellsSubjectsApart(open);
});
