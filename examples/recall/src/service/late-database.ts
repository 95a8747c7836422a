import type { Dialect, SqlDatabase, Work } from '../storage/sql-work.ts';

/**
 * A database that may not be there yet. Each use tries to open it until that has worked once, so the service starts
 * without it and is complete as soon as it comes up.
 */
export class LateDatabase implements SqlDatabase {
  readonly name: string;
  readonly dialect: Dialect;
  readonly #open: () => Promise<SqlDatabase>;
  #opening: Promise<SqlDatabase> | undefined;

  constructor(name: string, dialect: Dialect, open: () => Promise<SqlDatabase>) {
    this.name = name;
    this.dialect = dialect;
    this.#open = open;
  }

  async read<T>(work: () => Work<T>): Promise<T> {
    return (await this.#opened()).read(work);
  }

  async write<T>(work: () => Work<T>): Promise<T> {
    return (await this.#opened()).write(work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const database = await this.#opening?.catch(() => undefined);
    await database?.[Symbol.asyncDispose]();
  }

  /** One attempt at a time; one that failed is forgotten. */
  #opened(): Promise<SqlDatabase> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }
}
