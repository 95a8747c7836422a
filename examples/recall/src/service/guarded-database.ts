import type { Policy } from '@holdfast/core';
import type { SqlDatabase, Work } from '../storage/sql-work.ts';

/** A database behind policies: all that Recall ever asks of its database passes here. */
export class GuardedDatabase implements SqlDatabase {
  readonly #database: SqlDatabase;
  readonly #policy: Policy;

  constructor(database: SqlDatabase, policy: Policy) {
    this.#database = database;
    this.#policy = policy;
  }

  get name(): string {
    return this.#database.name;
  }

  get dialect(): SqlDatabase['dialect'] {
    return this.#database.dialect;
  }

  read<T>(work: () => Work<T>): Promise<T> {
    return this.#policy.execute(() => this.#database.read(work));
  }

  write<T>(work: () => Work<T>): Promise<T> {
    return this.#policy.execute(() => this.#database.write(work));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }
}
