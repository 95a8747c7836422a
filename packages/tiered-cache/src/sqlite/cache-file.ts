import { renameSync, rmSync, statSync } from 'node:fs';

import type { Rest } from '../durable/housekeeping.ts';
import { compile, type OwnedDatabase } from './database.ts';
import type { Engine } from './engine.ts';
import { isBusy, isCorrupt, isReadOnly } from './engine-errors.ts';

/** How long an operation may block the process for another writer, in milliseconds. It then fails, which is a miss. */
const busyMs = 50;

/** How long opening may block for a process that is making the same file just now, and between two tries, in milliseconds. */
const openingMs = 500;
const openingPauseMs = 5;

/** Free pages up to so many, or up to this share of the file, are kept for entries to come. */
const sparePages = 1_000;
const spareRatio = 1 / 4;

/** Pages that one step gives back to the disk: some 10 ms of work. */
const stepPages = 500;

/**
 * A file of ours, to be shared with other processes: in WAL mode, so that readers and a writer do not wait for each other,
 * and with `synchronous = NORMAL`, which may lose the last writes to a power failure but never the file.
 */
export class CacheFile {
  readonly database: OwnedDatabase;
  readonly path: string;
  /** Which file it is, whatever it is called by now; `undefined` in memory. */
  readonly identity: string | undefined;
  readonly #shrinks: boolean;

  /** @throws What the engine throws. */
  constructor(path: string, engine: Engine) {
    this.path = path;
    this.database = engine.open(path);
    try {
      configure(this.database);
      this.#shrinks = this.#pragma('auto_vacuum') === 2;
    } catch (error) {
      this.close();
      throw error;
    }
    this.identity = identityOf(path);
  }

  /** Whether there is another file in its place by now, or none: what is written here nobody else would see. */
  get replaced(): boolean {
    return this.identity !== undefined && identityOf(this.path) !== this.identity;
  }

  /** Gives some of the pages that are free back to the disk, if they are many. */
  shrink(): Rest {
    if (!this.#shrinks) return 'none';
    const free = this.#pragma('freelist_count');
    if (free <= sparePages || free <= this.#pragma('page_count') * spareRatio) return 'none';
    this.database.exec(`PRAGMA incremental_vacuum(${stepPages})`);
    return 'some';
  }

  close(): void {
    try {
      this.database.close();
    } catch {
      // What cannot be closed in good order is not needed either.
    }
  }

  #pragma(name: string): number {
    const row = compile(this.database, `PRAGMA ${name}`).get() as Readonly<Record<string, number>>;
    return row[name] ?? 0;
  }
}

/**
 * Opens the file at `path`. One that is corrupt or no database at all is moved aside, see {@link moveAside}.
 *
 * @throws What the engine or the file system throws.
 */
export function openCacheFile(path: string, engine: Engine): CacheFile {
  const identity = identityOf(path);
  try {
    return new CacheFile(path, engine);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    moveAside(path, identity);
    return new CacheFile(path, engine);
  }
}

/**
 * Renames the file at `path` to the same with `.corrupt` at its end, in the place of an earlier one. Not deleted, for it may
 * be somebody's file that was named by mistake. Does nothing if another process has put a new file there already.
 */
export function moveAside(path: string, identity: string | undefined): void {
  if (identity === undefined || identityOf(path) !== identity) return;
  const aside = `${path}.corrupt`;
  rmSync(`${aside}-wal`, { force: true });
  renameSync(path, aside);
  if (identityOf(`${path}-wal`) !== undefined) renameSync(`${path}-wal`, `${aside}-wal`);
  rmSync(`${path}-shm`, { force: true });
}

function identityOf(path: string): string | undefined {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  return status && `${status.dev}:${status.ino}`;
}

/** Nothing is left to the defaults of the engines, which differ. */
function configure(database: OwnedDatabase): void {
  database.exec(`
    PRAGMA busy_timeout = ${busyMs};
    PRAGMA synchronous = NORMAL;
    PRAGMA mmap_size = 0;
    PRAGMA cache_size = -8192;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
    PRAGMA wal_autocheckpoint = 1000;
    PRAGMA journal_size_limit = ${4 * 1024 * 1024};`);
  shape(database);
}

/**
 * The switch of a new file to WAL fails at once, whatever the busy timeout, when another process makes the same switch: waiting
 * could be a deadlock. So the wait is out here. A file that may only be read stays as it is.
 */
function shape(database: OwnedDatabase): void {
  for (let leftMs = openingMs; ; leftMs -= openingPauseMs) {
    try {
      return void database.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL');
    } catch (error) {
      if (isReadOnly(error)) return;
      if (!isBusy(error) || leftMs <= 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, openingPauseMs);
    }
  }
}
