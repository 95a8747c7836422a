import { randomUUID } from 'node:crypto';

import type {
  Change,
  ChangeTerms,
  LogMark,
  LogPage,
  LogStart,
  StoreState,
  TagState,
} from '../coherence/coherent-store.ts';
import { beginning, type Position, streamIdOf } from '../coherence/position.ts';
import type { Commands, ScriptArgument } from './client.ts';
import type { RedisConnection } from './connection.ts';
import { LogTimeoutError } from './errors.ts';
import type { LogConnection } from './log-connection.ts';
import {
  maxEntries,
  pageSince,
  type PageReply,
  parsePage,
  positionIn,
  type RedisMark,
  startOf,
} from './log-page.ts';
import type { Names } from './names.ts';
import type { Script } from './script.ts';
import { append, clear, page } from './scripts/log.lua.ts';
import { invalidateTags, lookUpTags, tagFields } from './scripts/tags.lua.ts';
import { within } from './within.ts';

export interface LogLimits {
  readonly maxLogEntries: number;
  readonly maxTags: number;
  /** How much longer than its wait a reading may take, in milliseconds. */
  readonly logTimeoutMs: number;
}

/**
 * The log of a namespace, and what is remembered beside it: epoch, last clear, tags.
 *
 * A reading that waits goes over a connection of its own and is two commands sent at once: one that waits for an entry,
 * and the script that reads the log when that is over. What does not wait goes over the common connection.
 */
export class RedisLog {
  readonly #names: Names;
  readonly #connection: RedisConnection;
  readonly #limits: LogLimits;
  readonly #reading: LogConnection;

  constructor(names: Names, connection: RedisConnection, limits: LogLimits) {
    this.#names = names;
    this.#connection = connection;
    this.#limits = limits;
    this.#reading = connection.forLog();
  }

  /** What a script that logs takes before its own arguments. */
  entry(change: Change, names: readonly string[], { origin }: ChangeTerms): ScriptArgument[] {
    return [newEpoch(), String(this.#limits.maxLogEntries), origin, change, JSON.stringify(names)];
  }

  async append(
    client: Commands,
    change: Change,
    names: readonly string[],
    terms: ChangeTerms,
  ): Promise<Position> {
    return this.#log(client, append, this.entry(change, names, terms));
  }

  async clear(terms: ChangeTerms): Promise<Position> {
    const client = await this.#connection.client();
    return this.#log(client, clear, this.entry('clear', [], terms));
  }

  async invalidateTags(
    tags: readonly string[],
    change: 'delete-tags' | 'expire-tags',
    terms: ChangeTerms,
  ): Promise<Position> {
    const client = await this.#connection.client();
    const limit = String(this.#limits.maxTags);
    const entry = this.entry(change, tags, terms);
    return this.#log(client, invalidateTags, [...entry, limit, tagFields[change], ...tags]);
  }

  /** Those of the tags that were invalidated, or may have been. */
  async tags(tags: readonly string[]): Promise<(readonly [tag: string, state: TagState])[]> {
    const client = await this.#connection.client();
    const { 'delete-tags': deleted, 'expire-tags': expired } = tagFields;
    const fields = tags.flatMap((tag) => [deleted + tag, expired + tag]);
    const reply = await lookUpTags.run(client, this.#names.books, [newEpoch(), ...fields]);
    const [floor, ids] = reply as [Buffer, readonly (Buffer | null)[]];
    const forgotten = positionIn(floor);
    const states = tags.map((tag, index) => {
      const state = {
        deleted: instantOf(ids[2 * index], forgotten),
        expired: instantOf(ids[2 * index + 1], beginning),
      };
      return [tag, state] as const;
    });
    return states.filter(([, state]) => state.deleted > beginning || state.expired > beginning);
  }

  async state(): Promise<StoreState> {
    const { epoch, cleared, tagFloor } = await this.#readNow('end');
    return { epoch, cleared, tagFloor };
  }

  async start(from: 'end' | 'oldest'): Promise<LogStart> {
    return startOf(await this.#readNow(from));
  }

  async read(mark: LogMark, waitMs: number): Promise<LogPage> {
    const after = streamIdOf(mark.position);
    const reply =
      waitMs > 0 ? await this.#readAfterWait(after, Math.ceil(waitMs)) : await this.#readNow(after);
    return pageSince(mark as RedisMark, reply);
  }

  [Symbol.dispose](): void {
    this.#reading[Symbol.dispose]();
  }

  async #log(client: Commands, script: Script, args: readonly ScriptArgument[]): Promise<Position> {
    return positionIn(await script.run(client, this.#names.books, args));
  }

  #readNow(after: string): Promise<PageReply> {
    const { clock, name } = this.#connection;
    const { logTimeoutMs } = this.#limits;
    const reading = async (): Promise<PageReply> => this.#page(await this.#connection.client(), after);
    return within(logTimeoutMs, reading(), clock, () => new LogTimeoutError(name, logTimeoutMs));
  }

  #readAfterWait(after: string, waitMs: number): Promise<PageReply> {
    const [log] = this.#names.books;
    return this.#reading.ask(async (client) => {
      const [, reply] = await Promise.all([
        client.xreadBuffer('COUNT', 1, 'BLOCK', waitMs, 'STREAMS', log, after),
        this.#page(client, after),
      ]);
      return reply;
    }, waitMs + this.#limits.logTimeoutMs);
  }

  async #page(client: Commands, after: string): Promise<PageReply> {
    const args = [newEpoch(), after, String(maxEntries)];
    return parsePage(await page.run(client, this.#names.books, args));
  }
}

/** 64 random bits in hexadecimal, from a UUID: those come out of a pool, in a tenth of the time of `randomBytes`. */
function newEpoch(): string {
  const uuid = randomUUID();
  return uuid.slice(0, 8) + uuid.slice(-8);
}

function instantOf(id: Buffer | null | undefined, otherwise: Position): Position {
  return id === null || id === undefined ? otherwise : positionIn(id);
}
