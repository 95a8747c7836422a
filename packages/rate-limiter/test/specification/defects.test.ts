import { DatabaseSync } from 'node:sqlite';
import { MemoryStore, type RateLimitStore } from '@holdfast/rate-limiter';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';
import { describe } from 'vitest';
import { itAvoidsTheDefects } from './defects.ts';

describe.each<[string, () => RateLimitStore]>([
  ['memory', () => new MemoryStore()],
  ['SQLite', () => new SqliteStore(new DatabaseSync(':memory:'))],
])('a limiter in %s, where others fail,', (_, open) => {
  itAvoidsTheDefects(open);
});
