import type {
  Acquisition,
  CacheCapabilities,
  ChangeTerms,
  CoherentStore,
  DeleteTerms,
  Extended,
  Extension,
  ICache,
  LeaseTerms,
  LogMark,
  LogPage,
  LogStart,
  Position,
  StoreState,
  StoreTerms,
  TagState,
} from '@holdfast/tiered-cache';

import type { CoherentMemory, KeyChange } from './coherent-memory.ts';

/** What happens to one operation on its way to the server and back. */
export interface Fate {
  readonly requestMs?: number | undefined;
  /** Between a change and its entry in the log, where these are two steps. */
  readonly betweenMs?: number | undefined;
  readonly replyMs?: number | undefined;
  /** The operation rejects; it takes effect all the same if `'after'`, and half of it if `'between'`. */
  readonly fails?: 'before' | 'between' | 'after' | undefined;
}

export type FateOf = (operation: string) => Fate;

/** One process's way to the server. Each operation may be slow or fail as a script says; the server itself is atomic. */
export class CoherentMemoryStore implements CoherentStore {
  readonly operations: string[] = [];
  fate: FateOf = () => ({});
  readonly #server: CoherentMemory;
  #disposed = false;

  constructor(server: CoherentMemory) {
    this.#server = server;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#do('get', () => this.#server.value(key));
  }

  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#do('getMany', () => {
      const found = keys.map((key) => [key, this.#server.value(key)] as const);
      return new Map(found.filter((entry): entry is readonly [string, Uint8Array] => entry[1] !== undefined));
    });
  }

  acquire(key: string, terms: LeaseTerms): Promise<Acquisition> {
    return this.#do('acquire', () => this.#server.acquire(key, terms));
  }

  renew(key: string, terms: LeaseTerms): Promise<boolean> {
    return this.#do('renew', () => this.#server.renew(key, terms));
  }

  fill(key: string, token: string, envelope: Uint8Array, { ttlMs }: StoreTerms): Promise<boolean> {
    return this.#do('fill', () => this.#server.fill(key, token, envelope, ttlMs));
  }

  release(key: string, token: string): Promise<void> {
    return this.#do('release', () => this.#server.release(key, token));
  }

  extend(key: string, extension: Extension): Promise<Extended> {
    return this.#do('extend', () => this.#server.extend(key, extension));
  }

  set(
    key: string,
    envelope: Uint8Array,
    { ttlMs, ...terms }: StoreTerms & ChangeTerms,
  ): Promise<Position | undefined> {
    return this.#change('set', this.#server.set(key, envelope, ttlMs, terms));
  }

  async delete(keys: readonly string[], terms: DeleteTerms): Promise<Position> {
    return (await this.#change('delete', this.#server.delete(keys, terms))) ?? 0n;
  }

  async expire(keys: readonly string[], at: number, terms: ChangeTerms): Promise<Position> {
    return (await this.#change('expire', this.#server.expire(keys, at, terms))) ?? 0n;
  }

  invalidateTags(
    tags: readonly string[],
    change: 'delete-tags' | 'expire-tags',
    terms: ChangeTerms,
  ): Promise<Position> {
    return this.#do('invalidateTags', () => this.#server.invalidateTags(tags, change, terms));
  }

  clear(terms: ChangeTerms): Promise<Position> {
    return this.#do('clear', () => this.#server.clear(terms));
  }

  tags(tags: readonly string[]): Promise<ReadonlyMap<string, TagState>> {
    return this.#do('tags', () => this.#server.tags(tags));
  }

  state(): Promise<StoreState> {
    return this.#do('state', () => this.#server.state());
  }

  start(from: 'end' | 'oldest'): Promise<LogStart> {
    return this.#do('start', () => this.#server.start(from));
  }

  async read(mark: LogMark, waitMs: number): Promise<LogPage> {
    if (waitMs > 0 && !this.#server.hasMore(mark)) await this.#server.changed(waitMs);
    return this.#do('read', () => this.#server.page(mark));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#server.wakeAll();
  }

  async #do<T>(operation: string, effect: () => T): Promise<T> {
    const { replyMs, fails } = await this.#send(operation);
    const result = effect();
    await this.#pass(replyMs);
    if (fails === 'after') throw new Error(`the answer to ${operation} did not arrive`);
    return result;
  }

  async #change(operation: string, { make, tell }: KeyChange): Promise<Position | undefined> {
    const { betweenMs, replyMs, fails } = await this.#send(operation);
    const made = make();
    if (this.#server.split) {
      await this.#pass(betweenMs);
      if (fails === 'between') throw new Error(`${operation} was not logged`);
    }
    const position = made ? tell() : undefined;
    await this.#pass(replyMs);
    if (fails === 'after') throw new Error(`the answer to ${operation} did not arrive`);
    return position;
  }

  async #send(operation: string): Promise<Fate> {
    if (this.#disposed) throw new Error('disposed');
    this.operations.push(operation);
    const fate = this.fate(operation);
    await this.#pass(fate.requestMs);
    if (fate.fails === 'before') throw new Error(`${operation} did not arrive`);
    return fate;
  }

  async #pass(ms = 0): Promise<void> {
    if (ms === Infinity) return new Promise(() => undefined);
    if (ms > 0) await new Promise<void>((resolve) => void this.#server.clock.schedule(resolve, ms));
  }
}

/** The store as a tier for `createCache`. */
export function coherentTier(store: CoherentStore): ICache & { coherent: () => CoherentStore } {
  const unused = (): never => {
    throw new Error('a coherent tier is not asked as a plain one');
  };
  const capabilities: CacheCapabilities = {
    ttl: true,
    sync: false,
    compareAndSet: true,
    log: true,
    tags: true,
  };
  return {
    capabilities,
    get: unused,
    getMany: unused,
    set: unused,
    setMany: unused,
    delete: unused,
    deleteMany: unused,
    clear: unused,
    coherent: () => store,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
