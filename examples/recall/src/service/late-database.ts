import type { Dialect, SqlDatabase, Work } from '../storage/sql-work.ts';
import { DatabaseUnavailableError } from './database-outage.ts';

/**
 * A database that may not be there yet. Each use tries to open it until that has worked once, so the service starts
 * without it and is complete as soon as it comes up.
 *
 * Invariants: there is one attempt at a time; nothing is opened once it is disposed.
 */
export class LateDatabase implements SqlDatabase {
  readonly name: string;
  readonly dialect: Dialect;
  readonly #open: () => Promise<SqlDatabase>;
  #opening: Promise<SqlDatabase> | undefined;
  #disposed = false;

  constructor(name: string, dialect: Dialect, open: () => Promise<SqlDatabase>) {
    this.name = name;
    this.dialect = dialect;
    this.#open = open;
  }

  /** @throws {DatabaseUnavailableError} while it cannot be opened, whatever the reason. */
  async read<T>(work: () => Work<T>): Promise<T> {
    return (await this.#opened()).read(work);
  }

  /** @throws {DatabaseUnavailableError} while it cannot be opened, whatever the reason. */
  async write<T>(work: () => Work<T>): Promise<T> {
    return (await this.#opened()).write(work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const database = await this.#opening?.catch(() => undefined);
    await database?.[Symbol.asyncDispose]();
  }

  #opened(): Promise<SqlDatabase> {
    if (this.#disposed) throw new DatabaseUnavailableError(new Error(`${this.name} was closed`));
    // One that failed is forgotten.
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw new DatabaseUnavailableError(error);
    });
    return this.#opening;
  }
}
