import type { Policy } from '@holdfast/core';
import type { SqlDatabase, Work } from '../storage/sql-work.ts';
import type { CallScope } from './call-scope.ts';
import { DatabaseUnavailableError, isOutage } from './database-outage.ts';

/** A database behind policies: all that Recall ever asks of its database passes here. */
export class GuardedDatabase implements SqlDatabase {
  readonly #database: SqlDatabase;
  readonly #policy: Policy;
  readonly #scope: CallScope;

  constructor(database: SqlDatabase, policy: Policy, scope: CallScope) {
    this.#database = database;
    this.#policy = policy;
    this.#scope = scope;
  }

  get name(): string {
    return this.#database.name;
  }

  get dialect(): SqlDatabase['dialect'] {
    return this.#database.dialect;
  }

  read<T>(work: () => Work<T>): Promise<T> {
    return this.#policy.execute(() => reported(this.#database.read(work)), this.#scope.options);
  }

  /** Does not begin for a call that has ended; but once it has, it is waited for, so that its caller knows what became of it. */
  async write<T>(work: () => Work<T>): Promise<T> {
    this.#scope.throwIfUnwanted();
    return this.#policy.execute(() => reported(this.#database.write(work)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}

/** Tells an outage of the database from a mistake of ours. */
async function reported<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw isOutage(error) ? new DatabaseUnavailableError(error) : error;
  }
}
