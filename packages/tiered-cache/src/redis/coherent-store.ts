import type {
  Acquisition,
  ChangeTerms,
  CoherentStore,
  DeleteTerms,
  Extended,
  Extension,
  LeaseTerms,
  LogMark,
  LogPage,
  LogStart,
  StoreState,
  StoreTerms,
  TagState,
} from '../coherence/coherent-store.ts';
import type { Position } from '../coherence/position.ts';
import { bufferOf } from '../values/bytes.ts';
import { RedisChanges } from './changes.ts';
import type { RedisConnection } from './connection.ts';
import { JoinedScript } from './joined-script.ts';
import { type LogLimits, RedisLog } from './log.ts';
import { Names } from './names.ts';
import { inParts, last } from './parts.ts';
import { RedisReads } from './reads.ts';
import { isYes } from './script.ts';
import { extend } from './scripts/extend.lua.ts';
import { acquire, acquired, fill, release, renew } from './scripts/leases.lua.ts';
import { instantBytes, instantOf, lifeOf, readInstant, wholeMs } from './times.ts';

/**
 * A coherent store in Redis or Valkey, alone, behind Sentinel or as a Cluster.
 *
 * Each method is one round trip: a read is a plain `GET` or `MGET`, the others a script. Only changes of keys on a Cluster
 * are two, because log and values lie in different slots there.
 */
export class RedisCoherentStore implements CoherentStore {
  readonly #names: Names;
  readonly #connection: RedisConnection;
  readonly #log: RedisLog;
  readonly #changes: RedisChanges;
  readonly #reads = new RedisReads();
  readonly #acquire = new JoinedScript(acquire);
  readonly #fill = new JoinedScript(fill);
  readonly #extend = new JoinedScript(extend);

  /** @param namespace - What every key begins with. */
  constructor(namespace: string, connection: RedisConnection, limits: LogLimits) {
    this.#names = new Names(namespace);
    this.#connection = connection;
    this.#log = new RedisLog(this.#names, connection, limits);
    this.#changes = new RedisChanges(this.#names, connection, this.#log);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const client = await this.#connection.client();
    return (await this.#reads.read(client, this.#names.value(key))) ?? undefined;
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const client = await this.#connection.client();
    const values = await this.#reads.readMany(
      client,
      keys.map((key) => this.#names.value(key)),
    );
    const found = new Map<string, Uint8Array>();
    for (const [index, key] of keys.entries()) {
      const value = values[index];
      if (value !== null && value !== undefined) found.set(key, value);
    }
    return found;
  }

  async acquire(key: string, { token, leaseMs, known }: LeaseTerms): Promise<Acquisition> {
    const client = await this.#connection.client();
    const args = [token, wholeMs(leaseMs), known === undefined ? '' : bufferOf(known)];
    const answer = await this.#acquire.call(client, this.#names.pair(key), args);
    return Buffer.isBuffer(answer) ? { outcome: 'stored', envelope: answer } : outcomeOf(Number(answer));
  }

  async renew(key: string, { token, leaseMs }: LeaseTerms): Promise<boolean> {
    const client = await this.#connection.client();
    return isYes(await renew.run(client, [this.#names.lease(key)], [token, wholeMs(leaseMs)]));
  }

  async fill(key: string, token: string, envelope: Uint8Array, { ttlMs }: StoreTerms): Promise<boolean> {
    const client = await this.#connection.client();
    const args = [token, bufferOf(envelope), lifeOf(ttlMs)];
    return isYes(await this.#fill.call(client, this.#names.pair(key), args));
  }

  async release(key: string, token: string): Promise<void> {
    const client = await this.#connection.client();
    await release.run(client, [this.#names.lease(key)], [token]);
  }

  async extend(key: string, { stamp, freshUntil, ttlMs }: Extension): Promise<Extended> {
    const client = await this.#connection.client();
    const args = [bufferOf(stamp), instantOf(freshUntil), lifeOf(ttlMs)];
    const answer = await this.#extend.call(client, [this.#names.value(key)], args);
    if (answer === null) return undefined;
    return Buffer.isBuffer(answer) && answer.length === instantBytes ? readInstant(answer) : 'refused';
  }

  set(key: string, envelope: Uint8Array, terms: StoreTerms & ChangeTerms): Promise<Position | undefined> {
    return this.#changes.set(key, envelope, terms);
  }

  delete(keys: readonly string[], terms: DeleteTerms): Promise<Position> {
    return this.#changes.remove(keys, terms);
  }

  expire(keys: readonly string[], at: number, terms: ChangeTerms): Promise<Position> {
    return this.#changes.expire(keys, at, terms);
  }

  async invalidateTags(
    tags: readonly string[],
    change: 'delete-tags' | 'expire-tags',
    terms: ChangeTerms,
  ): Promise<Position> {
    return last(await inParts(tags, (part) => this.#log.invalidateTags(part, change, terms)));
  }

  clear(terms: ChangeTerms): Promise<Position> {
    return this.#log.clear(terms);
  }

  async tags(tags: readonly string[]): Promise<ReadonlyMap<string, TagState>> {
    const states = await inParts(tags, (part) => this.#log.tags(part));
    return new Map(states.flat());
  }

  state(): Promise<StoreState> {
    return this.#log.state();
  }

  start(from: 'end' | 'oldest'): Promise<LogStart> {
    return this.#log.start(from);
  }

  read(mark: LogMark, waitMs: number): Promise<LogPage> {
    return this.#log.read(mark, waitMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#log[Symbol.dispose]();
  }
}

const granted: Acquisition = { outcome: 'granted' };
const settling: Acquisition = { outcome: 'settling' };
const busy: Acquisition = { outcome: 'busy' };

function outcomeOf(answer: number): Acquisition {
  if (answer === acquired.granted) return granted;
  return answer === acquired.settling ? settling : busy;
}
