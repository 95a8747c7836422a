import type { Clock } from '@holdfast/core';

import { isBusy, type SqlDatabase } from './sql-database.ts';

/** Registers what is to be done once the change is committed. */
export type AfterCommit = (effect: () => void) => void;

export interface GroupCommitOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** How long to wait for other connections' locks, in milliseconds. */
  readonly maxBusyMs: number;
  /** What a caller gets when that was not enough. */
  readonly busyError: (waitedMs: number, cause: unknown) => Error;
}

interface Change {
  readonly work: (after: AfterCommit) => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  readonly effects: (() => void)[];
  result: unknown;
}

/** Between two tries for the lock, in milliseconds. */
const [shortestPauseMs, longestPauseMs] = [5, 50];

/**
 * Puts the changes that are asked for in one turn of the event loop into one transaction: the disk is waited for once
 * and not for each.
 *
 * Invariants:
 * - a promise resolves only after the transaction with its change is committed;
 * - a change that fails is rolled back and rejects its own promise, and no other;
 * - changes are made in the order in which they were asked for.
 *
 * @see "Implementation Techniques for Main Memory Database Systems", SIGMOD 1984, on group commit
 */
export class GroupCommit {
  readonly #database: SqlDatabase;
  readonly #options: GroupCommitOptions;
  #changes: Change[] = [];
  #scheduled = false;
  /** On the clock, since when the lock has been taken by others. */
  #busySince: number | undefined;

  constructor(database: SqlDatabase, options: GroupCommitOptions) {
    this.#database = database;
    this.#options = options;
  }

  /** @param work - Synchronous; may run more than once, after what it did before was rolled back. */
  run<T>(work: (after: AfterCommit) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#changes.push({ work, resolve, reject, effects: [], result: undefined });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const changes = this.#changes;
    this.#changes = [];
    this.#scheduled = false;
    if (changes.length === 0 || !this.#begin(changes)) return;
    const failure = this.#commit(changes);
    if (failure === undefined) return;
    if (changes.length === 1) return changes[0]?.reject(failure.error);
    // Each on its own then, so that only those fail that cannot succeed.
    for (const [index, change] of changes.entries()) {
      if (!this.#begin(changes.slice(index))) return;
      const own = this.#commit([change]);
      if (own !== undefined) change.reject(own.error);
    }
  }

  /** @returns Whether the lock was had. If not, the changes were put off or rejected. */
  #begin(changes: readonly Change[]): boolean {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      this.#busySince = undefined;
      return true;
    } catch (error) {
      this.#putOff(changes, error);
      return false;
    }
  }

  /** @returns What went wrong, after all was rolled back. */
  #commit(changes: readonly Change[]): { readonly error: unknown } | undefined {
    try {
      for (const change of changes) change.result = change.work((effect) => void change.effects.push(effect));
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#rollBack();
      for (const change of changes) change.effects.length = 0;
      return { error };
    }
    for (const { effects, resolve, result } of changes) {
      resolve(result as never);
      for (const effect of effects) effect();
    }
  }

  #putOff(changes: readonly Change[], error: unknown): void {
    const { clock, random, maxBusyMs, busyError } = this.#options;
    this.#busySince ??= clock.now();
    const waitedMs = clock.now() - this.#busySince;
    if (!isBusy(error) || waitedMs >= maxBusyMs) {
      this.#busySince = undefined;
      for (const { reject } of changes) reject(isBusy(error) ? busyError(waitedMs, error) : error);
      return;
    }
    // In front of those that were asked for since, so that the order stays.
    this.#changes = [...changes, ...this.#changes];
    this.#scheduled = true;
    clock.schedule(() => this.#flush(), shortestPauseMs + random() * (longestPauseMs - shortestPauseMs));
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // The engine rolls back by itself on some failures, such as a full disk; then there is nothing left to do.
    }
  }
}
