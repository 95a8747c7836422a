import { DatabaseSync } from 'node:sqlite';
import { MemoryStore, type RateLimitStore } from '@holdfast/rate-limiter';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';
import { describe } from 'vitest';
import { itHoldsTheLayers } from './layers.ts';

describe.each<[string, () => RateLimitStore]>([
  ['memory', () => new MemoryStore()],
  ['SQLite', () => new SqliteStore(new DatabaseSync(':memory:'))],
])('the layers of a service in %s', (_, open) => {
  itHoldsTheLayers(open);
});
