import { DatabaseSync } from 'node:sqlite';
import { MemoryStore, type RateLimitStore } from '@holdfast/rate-limiter';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';
import { describe } from 'vitest';
import { itSettlesWhatWasGivenBack } from './settlement.ts';

describe.each<[string, () => RateLimitStore]>([
  ['memory', () => new MemoryStore()],
  ['SQLite', () => new SqliteStore(new DatabaseSync(':memory:'))],
])('what a call turned out to cost in %s', (_, open) => {
  itSettlesWhatWasGivenBack(open);
});
