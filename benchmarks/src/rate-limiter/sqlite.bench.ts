// What does one decision cost in an SQLite file, for one of 1,000 users in turn?
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RateLimiter } from '@holdfast/rate-limiter';
import { type SqliteDatabase, SqliteStore } from '@holdfast/rate-limiter/sqlite';
import { RateLimiterSQLite } from 'rate-limiter-flexible';

import { baseline, type Case, ours, peer, question, reference, type Scope } from '../harness/question.ts';

interface OpenDatabase extends SqliteDatabase {
  close(): unknown;
}

const BetterSqlite3 = createRequire(import.meta.url)('better-sqlite3') as new (path: string) => OpenDatabase;

const users = Array.from({ length: 1_000 }, (_, index) => `user:${index}`);
const limit = 1_000_000_000;
const windowMs = 60_000;
const perMinute = { limit, windowMs, by: 'user' };
const upsert = `
  INSERT INTO counts (key, points, expire) VALUES (?, 1, ?)
  ON CONFLICT (key) DO UPDATE SET
    points = CASE WHEN expire > ? THEN points + 1 ELSE 1 END,
    expire = CASE WHEN expire > ? THEN expire ELSE excluded.expire END
  RETURNING points`;

/** One user after the other. */
function inTurn(decide: (user: string) => boolean | Promise<boolean>): Case['run'] {
  let calls = 0;
  return () => decide(users[(calls += 1) % users.length] as string);
}

function opened(scope: Scope, path: string): OpenDatabase {
  const database = new BetterSqlite3(path);
  scope.defer(() => database.close());
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  return database;
}

function byHand(database: OpenDatabase): Case['run'] {
  database.exec('CREATE TABLE counts (key TEXT PRIMARY KEY, points INTEGER, expire INTEGER)');
  const counting = database.prepare(upsert);
  return inTurn((user) => {
    const now = Date.now();
    const { points } = counting.get(user, now + windowMs, now, now) as { readonly points: number };
    return points <= limit;
  });
}

/** What no decision over several limits can do without: read, judge, write, and nobody in between. */
function inTransaction(database: OpenDatabase): Case['run'] {
  database.exec('CREATE TABLE counts (key TEXT PRIMARY KEY, points INTEGER, expire INTEGER)');
  const [begin, read, write, commit] = [
    'BEGIN IMMEDIATE',
    'SELECT points, expire FROM counts WHERE key = ?',
    'INSERT OR REPLACE INTO counts (key, points, expire) VALUES (?, ?, ?)',
    'COMMIT',
  ].map((sql) => database.prepare(sql));
  return inTurn((user) => {
    const now = Date.now();
    begin?.run();
    const row = read?.get(user) as { readonly points: number; readonly expire: number } | undefined;
    const lives = row !== undefined && row.expire > now;
    const allowed = !lives || row.points < limit;
    if (allowed) write?.run(user, lives ? row.points + 1 : 1, lives ? row.expire : now + windowMs);
    commit?.run();
    return allowed;
  });
}

function through(limiter: RateLimiter): Case['run'] {
  return inTurn((user) => {
    const { allowed, source } = limiter.checkSync({ user });
    if (source !== 'sqlite') throw new Error(`decided by ${source}`);
    return allowed;
  });
}

export default question({
  answer: true,
  cases: async (scope) => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
    scope.defer(() => rm(folder, { recursive: true }));
    const open = (name: string): OpenDatabase => opened(scope, join(folder, name));
    const strict = new RateLimiter({ limits: { user: perMinute }, store: new SqliteStore(open('strict')) });
    const smooth = new RateLimiter({
      limits: { user: { limit: 1_000, windowMs, by: 'user', mode: 'smooth', burst: limit } },
      store: new SqliteStore(open('smooth')),
    });
    const four = new RateLimiter({
      limits: { a: perMinute, b: perMinute, c: perMinute, d: perMinute },
      store: new SqliteStore(open('four')),
    });
    const own = new SqliteStore(join(folder, 'own'));
    scope.defer(() => own[Symbol.dispose]());
    const flexible = await new Promise<RateLimiterSQLite>((resolve, reject) => {
      const limiter: RateLimiterSQLite = new RateLimiterSQLite(
        {
          storeClient: open('flexible'),
          storeType: 'better-sqlite3',
          tableName: 'counts',
          points: limit,
          duration: windowMs / 1_000,
        },
        (error?: Error) => (error === undefined ? resolve(limiter) : reject(error)),
      );
    });
    return [
      baseline('INSERT … ON CONFLICT DO UPDATE, fixed window', byHand(open('bare'))),
      reference('BEGIN, SELECT, INSERT OR REPLACE, COMMIT, fixed window', inTransaction(open('transaction'))),
      ours('RateLimiter, any window (strict)', through(strict), { atMost: 2 }),
      ours('RateLimiter, smooth', through(smooth), { atMost: 2 }),
      ours('RateLimiter, four strict limits', through(four), { atMost: 2.5 }),
      ours(
        'RateLimiter, strict, on node:sqlite',
        through(new RateLimiter({ limits: { user: perMinute }, store: own })),
      ),
      peer(
        'rate-limiter-flexible',
        'RateLimiterSQLite, fixed window',
        inTurn(async (user) => {
          return (await flexible.consume(user)).remainingPoints >= 0;
        }),
      ),
    ];
  },
});
