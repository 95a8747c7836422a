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
  Position,
  StoreState,
  StoreTerms,
  TagState,
} from '@holdfast/tiered-cache';

import type { CoherentMemory, KeyChange } from '../coherent-memory.ts';
import type { Touch } from './explorer.ts';
import { changes, reads, type Stage, type Turn } from './stage.ts';

/** What one process's way to the server tells of it. */
export interface Watcher {
  /** A change of the process is in the log now, as its entry number `count`. */
  onTold(count: number): void;
  /** The process hears entry number `count` now. */
  onHeard(count: number): void;
}

/**
 * One process's way to the server, on which each operation has its arrival and its answer as separate steps, and each
 * entry of the log is heard by a step of its own.
 */
export class SteppedStore implements CoherentStore {
  readonly #server: CoherentMemory;
  readonly #stage: Stage;
  readonly #process: string;
  readonly #watcher: Watcher;
  /** What leases and values were like when the process last asked to load. */
  #seen = '';
  /** Positions of the process's changes that it was told. */
  readonly #answered = new Set<Position>();

  constructor(server: CoherentMemory, stage: Stage, process: string, watcher: Watcher) {
    this.#server = server;
    this.#stage = stage;
    this.#process = process;
    this.#watcher = watcher;
  }

  /** Whether asking to load anew could be answered otherwise than the last time. */
  get hasChanged(): boolean {
    return this.#seen !== this.#look();
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#do('get', reads(value(key)), () => this.#server.value(key));
  }

  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#do('getMany', reads(...keys.map(value)), () => {
      const found = keys.map((key) => [key, this.#server.value(key)] as const);
      return new Map(found.filter((entry): entry is readonly [string, Uint8Array] => entry[1] !== undefined));
    });
  }

  acquire(key: string, terms: LeaseTerms): Promise<Acquisition> {
    return this.#do('acquire', [...reads(value(key)), ...changes(lease(key))], () => {
      const acquisition = this.#server.acquire(key, terms);
      this.#seen = this.#look();
      return acquisition;
    });
  }

  renew(key: string, terms: LeaseTerms): Promise<boolean> {
    return this.#do('renew', reads(lease(key)), () => this.#server.renew(key, terms));
  }

  fill(key: string, token: string, envelope: Uint8Array, { ttlMs }: StoreTerms): Promise<boolean> {
    return this.#do('fill', changes(value(key), lease(key)), () =>
      this.#server.fill(key, token, envelope, ttlMs),
    );
  }

  release(key: string, token: string): Promise<void> {
    return this.#do('release', changes(lease(key)), () => this.#server.release(key, token));
  }

  extend(key: string, extension: Extension): Promise<Extended> {
    return this.#do('extend', changes(value(key)), () => this.#server.extend(key, extension));
  }

  set(
    key: string,
    envelope: Uint8Array,
    { ttlMs, ...terms }: StoreTerms & ChangeTerms,
  ): Promise<Position | undefined> {
    return this.#change('set', [key], this.#server.set(key, envelope, ttlMs, terms));
  }

  async delete(keys: readonly string[], terms: DeleteTerms): Promise<Position> {
    return (await this.#change('delete', keys, this.#server.delete(keys, terms))) ?? 0n;
  }

  async expire(keys: readonly string[], at: number, terms: ChangeTerms): Promise<Position> {
    return (await this.#change('expire', keys, this.#server.expire(keys, at, terms))) ?? 0n;
  }

  invalidateTags(
    tags: readonly string[],
    change: 'delete-tags' | 'expire-tags',
    terms: ChangeTerms,
  ): Promise<Position> {
    return this.#do(change, changes('log', 'state'), () =>
      this.#told(() => this.#server.invalidateTags(tags, change, terms)),
    );
  }

  clear(terms: ChangeTerms): Promise<Position> {
    return this.#do('clear', changes('log', 'state'), () => this.#told(() => this.#server.clear(terms)));
  }

  tags(tags: readonly string[]): Promise<ReadonlyMap<string, TagState>> {
    return this.#do('tags', reads('state'), () => this.#server.tags(tags));
  }

  state(): Promise<StoreState> {
    return this.#do('state', reads('state'), () => this.#server.state());
  }

  async start(from: 'end' | 'oldest'): Promise<LogStart> {
    return this.#server.start(from);
  }

  async read(mark: LogMark, waitMs: number): Promise<LogPage> {
    if (waitMs === 0) return this.#server.page(mark);
    const hears = this.#stage.named(`${this.#process} hears`);
    await this.#stage.turn(hears, this.#inside, () => this.#turnToHear(mark));
    const page = this.#server.firstOf(mark);
    this.#watcher.onHeard((page.mark as LogMark & { readonly count: number }).count);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The last reading of the log is never answered.
  }

  async #do<T>(operation: string, touches: readonly Touch[], effect: () => T): Promise<T> {
    const name = this.#stage.named(`${this.#process} ${operation}`);
    await this.#stage.turn(`${name}: arrives`, touches);
    const result = effect();
    await this.#stage.turn(`${name}: is answered`, this.#inside);
    if (typeof result === 'bigint') this.#answered.add(result);
    return result;
  }

  async #change(
    operation: string,
    keys: readonly string[],
    { make, tell }: KeyChange,
  ): Promise<Position | undefined> {
    const things = changes(...keys.map(value), ...keys.map(lease));
    const told = (): Position => this.#told(tell);
    if (!this.#server.split)
      return this.#do(operation, [...things, ...changes('log')], () => (make() ? told() : undefined));
    const name = this.#stage.named(`${this.#process} ${operation}`);
    await this.#stage.turn(`${name}: arrives`, things);
    if (!make()) return undefined;
    await this.#stage.turn(`${name}: is logged`, changes('log'));
    const position = told();
    await this.#stage.turn(`${name}: is answered`, this.#inside);
    this.#answered.add(position);
    return position;
  }

  /** Answers are taken in one after the other; what arrives at the server touches nothing in the process. */
  get #inside(): readonly Touch[] {
    return changes(`inside ${this.#process}`);
  }

  /** To hear of one's own change after it was answered is no news. */
  #turnToHear(mark: LogMark): Turn {
    if (!this.#server.hasMore(mark)) return 'later';
    return this.#answered.has(this.#server.firstOf(mark).mark.position) ? 'at once' : 'possible';
  }

  #told(tell: () => Position): Position {
    const position = tell();
    this.#watcher.onTold(this.#server.count);
    return position;
  }

  #look(): string {
    const { values, leases } = this.#server;
    const stored = [...values].map(
      ([key, { value: bytes }]) => `${key}=${Buffer.from(bytes).toString('hex', 4, 28)}`,
    );
    const held = [...leases].map(([key, { value: token }]) => `${key}=${token}`);
    return [...stored, ...held].join();
  }
}

function value(key: string): string {
  return `value of ${key}`;
}

function lease(key: string): string {
  return `lease of ${key}`;
}
