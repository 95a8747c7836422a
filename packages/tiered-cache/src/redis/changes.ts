import type { Change, ChangeTerms, DeleteTerms, StoreTerms } from '../coherence/coherent-store.ts';
import type { Position } from '../coherence/position.ts';
import { bufferOf } from '../values/bytes.ts';
import type { Commands, ScriptArgument } from './client.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisLog } from './log.ts';
import { positionIn } from './log-page.ts';
import type { Names } from './names.ts';
import { inParts, last } from './parts.ts';
import { isYes } from './script.ts';
import { type ChangeScripts, expire, remove, set } from './scripts/changes.lua.ts';
import { instantOf, lifeOf, wholeMs } from './times.ts';

/** A change, as its scripts take it. */
interface Order {
  readonly change: Change;
  readonly scripts: ChangeScripts;
  readonly args: readonly ScriptArgument[];
  readonly terms: ChangeTerms;
}

/**
 * Changes keys and logs it: in one script, or on a Cluster in two steps.
 *
 * Invariants:
 * - a change is made first and logged then; if the log fails the method rejects, and can be called again;
 * - deletions and expiries are not refused for lack of memory.
 */
export class RedisChanges {
  readonly #names: Names;
  readonly #connection: RedisConnection;
  readonly #log: RedisLog;

  constructor(names: Names, connection: RedisConnection, log: RedisLog) {
    this.#names = names;
    this.#connection = connection;
    this.#log = log;
  }

  set(key: string, envelope: Uint8Array, terms: StoreTerms & ChangeTerms): Promise<Position | undefined> {
    const args = [bufferOf(envelope), lifeOf(terms.ttlMs)];
    return this.#make({ change: 'set', scripts: set, args, terms }, [key]);
  }

  remove(keys: readonly string[], terms: DeleteTerms): Promise<Position> {
    const { settleMs, tombstone } = terms;
    const stone = tombstone === undefined ? '' : bufferOf(tombstone.envelope);
    const args = [wholeMs(settleMs), stone, lifeOf(tombstone?.ttlMs ?? Infinity)];
    return this.#makeAll({ change: 'delete', scripts: remove, args, terms }, keys);
  }

  expire(keys: readonly string[], at: number, terms: ChangeTerms): Promise<Position> {
    return this.#makeAll({ change: 'expire', scripts: expire, args: [instantOf(at)], terms }, keys);
  }

  async #makeAll(order: Order, keys: readonly string[]): Promise<Position> {
    return last(await inParts(keys, (part) => this.#make(order, part)));
  }

  /** `undefined` if the change was refused. */
  async #make(order: Order, keys: readonly string[]): Promise<Position | undefined> {
    const client = await this.#connection.client();
    if (client.isCluster === true) return this.#makeThenLog(client, order, keys);
    const { change, scripts, args, terms } = order;
    const names = [...this.#names.books, ...keys.flatMap((key) => this.#names.pair(key))];
    const id = await scripts.logged.run(client, names, [...this.#log.entry(change, keys, terms), ...args]);
    return id === null ? undefined : positionIn(id);
  }

  /** In this order: a reader that heard of a change before it was made could load what is about to go. */
  async #makeThenLog(
    client: Commands,
    { change, scripts, args, terms }: Order,
    keys: readonly string[],
  ): Promise<Position | undefined> {
    const made = await Promise.all(
      keys.map((key) => scripts.unlogged.run(client, this.#names.pair(key), args)),
    );
    return made.some(isYes) ? this.#log.append(client, change, keys, terms) : undefined;
  }
}
