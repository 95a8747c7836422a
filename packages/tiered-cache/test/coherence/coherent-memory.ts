import type { Clock } from '@holdfast/core';
import type {
  Acquisition,
  Change,
  ChangeTerms,
  DeleteTerms,
  Extended,
  Extension,
  Invalidation,
  LeaseTerms,
  LogMark,
  LogPage,
  LogStart,
  Position,
  StoreState,
  TagState,
} from '@holdfast/tiered-cache';

interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

interface Mark extends LogMark {
  readonly count: number;
  /** Which server gave it. */
  readonly run: number;
}

/** A change of keys: made first, told afterwards, which are two moments where keys and log lie on different servers. */
export interface KeyChange {
  /** Tells whether it was made; not told if not. */
  readonly make: () => boolean;
  readonly tell: () => Position;
}

// Where the fields of an envelope lie; see src/entry/layout.ts.
const stampAt = 4;
const versionAt = 12;
const freshUntilAt = 20;
const slidingAt = 28;
const hold = 'hold';

/** The server: what a fleet of processes shares, changed atomically and ordered by a log of its own. */
export class CoherentMemory {
  readonly values = new Map<string, Kept<Uint8Array>>();
  readonly leases = new Map<string, Kept<string>>();
  readonly tagStates = new Map<string, TagState>();
  readonly clock: Clock;
  /** Whether the log lies on another server than the keys, as in a Cluster. */
  readonly split: boolean;
  log: (Invalidation & { readonly count: number })[] = [];
  epoch = 1n;
  count = 0;
  run = 1;
  cleared: Position = 0n;
  tagFloor: Position = 0n;
  #last: Position = 0n;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock, { split = false }: { readonly split?: boolean } = {}) {
    this.clock = clock;
    this.split = split;
  }

  /** What a replica holds that has heard of everything so far; when called, it takes the place of this server. */
  replica(): () => void {
    const values = new Map(this.values);
    const leases = new Map(this.leases);
    const tagStates = new Map(this.tagStates);
    const { log, count, cleared, tagFloor } = this;
    const entries = [...log];
    const last = this.#last;
    return () => {
      replace(this.values, values);
      replace(this.leases, leases);
      replace(this.tagStates, tagStates);
      Object.assign(this, { log: entries, count, cleared, tagFloor });
      this.#last = last;
      this.run += 1;
      this.wakeAll();
    };
  }

  /** Forgets everything, as a server does that is restarted empty. */
  flush(): void {
    for (const map of [this.values, this.leases, this.tagStates]) map.clear();
    this.log = [];
    this.count = 0;
    this.loseState();
  }

  /** Forgets epoch, last clear and tag floor: everything from before counts as lost. */
  loseState(): void {
    this.cleared = 0n;
    this.tagFloor = 0n;
    this.epoch += 1n;
  }

  /** Forgets when tags were invalidated. */
  loseTags(): void {
    this.tagStates.clear();
    this.tagFloor = this.#last + 1n;
  }

  append(change: Change, names: readonly string[], origin: string): Position {
    const now = BigInt(Math.floor(this.clock.epoch())) << 64n;
    this.#last = now > this.#last ? now : this.#last + 1n;
    this.count += 1;
    this.log.push({ position: this.#last, origin, change, names, count: this.count });
    this.wakeAll();
    return this.#last;
  }

  value(key: string): Uint8Array | undefined {
    return this.#live(this.values, key);
  }

  lease(key: string): string | undefined {
    return this.#live(this.leases, key);
  }

  acquire(key: string, { token, leaseMs, known }: LeaseTerms): Acquisition {
    const envelope = this.value(key);
    if (envelope !== undefined && !sameStamp(envelope, known)) return { outcome: 'stored', envelope };
    const lease = this.lease(key);
    if (lease === hold) return { outcome: 'settling' };
    if (lease !== undefined && lease !== token) return { outcome: 'busy' };
    this.#keep(this.leases, key, token, leaseMs);
    return { outcome: 'granted' };
  }

  renew(key: string, { token, leaseMs }: LeaseTerms): boolean {
    if (this.lease(key) !== token) return false;
    this.#keep(this.leases, key, token, leaseMs);
    return true;
  }

  fill(key: string, token: string, envelope: Uint8Array, ttlMs: number): boolean {
    if (this.lease(key) !== token) return false;
    this.leases.delete(key);
    if (this.#isOlder(key, envelope)) return false;
    this.#keep(this.values, key, envelope, ttlMs);
    return true;
  }

  release(key: string, token: string): void {
    if (this.lease(key) === token) this.leases.delete(key);
  }

  extend(key: string, { stamp, freshUntil, ttlMs }: Extension): Extended {
    const held = this.value(key);
    if (held === undefined) return undefined;
    const envelope = Buffer.from(held);
    if (!sameStamp(envelope, stamp) || envelope.readDoubleLE(slidingAt) === Infinity) return 'refused';
    const before = envelope.readDoubleLE(freshUntilAt);
    if (before >= freshUntil) return before;
    envelope.writeDoubleLE(freshUntil, freshUntilAt);
    const until = Math.max(this.values.get(key)?.until ?? 0, this.clock.now() + ttlMs);
    this.values.set(key, { value: envelope, until });
    return freshUntil;
  }

  set(key: string, envelope: Uint8Array, ttlMs: number, { origin }: ChangeTerms): KeyChange {
    const make = (): boolean => {
      if (this.#isOlder(key, envelope)) return false;
      this.#keep(this.values, key, envelope, ttlMs);
      this.#endLease(key);
      return true;
    };
    return { make, tell: () => this.append('set', [key], origin) };
  }

  delete(keys: readonly string[], terms: DeleteTerms): KeyChange {
    const make = (): boolean => {
      for (const key of keys) this.#delete(key, terms);
      return true;
    };
    return { make, tell: () => this.append('delete', keys, terms.origin) };
  }

  expire(keys: readonly string[], at: number, { origin }: ChangeTerms): KeyChange {
    const make = (): boolean => {
      for (const key of keys) this.#expire(key, at);
      return true;
    };
    return { make, tell: () => this.append('expire', keys, origin) };
  }

  invalidateTags(
    tags: readonly string[],
    change: 'delete-tags' | 'expire-tags',
    { origin }: ChangeTerms,
  ): Position {
    const position = this.append(change, tags, origin);
    const side = change === 'delete-tags' ? 'deleted' : 'expired';
    for (const tag of tags) {
      const known = this.tagStates.get(tag) ?? { deleted: 0n, expired: 0n };
      this.tagStates.set(tag, { ...known, [side]: position });
    }
    return position;
  }

  clear({ origin }: ChangeTerms): Position {
    this.cleared = this.append('clear', [], origin);
    return this.cleared;
  }

  tags(tags: readonly string[]): ReadonlyMap<string, TagState> {
    const states = tags.map((tag) => [tag, this.#tagState(tag)] as const);
    return new Map(states.filter((entry): entry is readonly [string, TagState] => entry[1] !== undefined));
  }

  state(): StoreState {
    const { epoch, cleared, tagFloor } = this;
    return { epoch, cleared, tagFloor };
  }

  start(from: 'end' | 'oldest'): LogStart {
    const [oldest] = this.log;
    const { run } = this;
    const first = { position: (oldest?.position ?? 1n) - 1n, count: (oldest?.count ?? 1) - 1, run };
    return { ...this.state(), mark: from === 'end' || oldest === undefined ? this.#end : first };
  }

  hasMore(mark: LogMark): boolean {
    return this.count !== (mark as Mark).count || this.run !== (mark as Mark).run;
  }

  page(mark: LogMark): LogPage {
    const { count, run } = mark as Mark;
    const changes = this.log.filter((entry) => entry.count > count);
    const replaced = this.run !== run;
    const gap = replaced || this.count - count !== changes.length;
    return { ...this.state(), mark: this.#end, changes: gap ? [] : changes, more: false, gap, replaced };
  }

  /** As {@link page}, cut off after its first change, as if the rest had not happened yet. */
  firstOf(mark: LogMark): LogPage {
    const page = this.page(mark);
    const [first] = page.changes as readonly (Invalidation & { readonly count: number })[];
    if (first === undefined) return page;
    const clears = this.log.filter(({ change, count }) => change === 'clear' && count <= first.count);
    const cleared = clears.at(-1)?.position ?? 0n;
    const { position, count } = first;
    return { ...page, cleared, mark: { position, count, run: this.run } as LogMark, changes: [first] };
  }

  /** Resolves at the next change, or after `ms`. */
  changed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const cancel = this.clock.schedule(wake, ms, { background: true });
      this.#waiting.add(wake);
    });
  }

  wakeAll(): void {
    for (const wake of this.#waiting) wake();
  }

  get #end(): Mark {
    return { position: this.#last, count: this.count, run: this.run };
  }

  #live<T>(map: Map<string, Kept<T>>, key: string): T | undefined {
    const kept = map.get(key);
    if (kept === undefined || kept.until > this.clock.now()) return kept?.value;
    map.delete(key);
    return undefined;
  }

  #keep<T>(map: Map<string, Kept<T>>, key: string, value: T, ms: number): void {
    map.set(key, { value, until: this.clock.now() + ms });
  }

  /** Nothing shortens a hold. */
  #endLease(key: string): void {
    if (this.lease(key) !== hold) this.leases.delete(key);
  }

  #delete(key: string, { settleMs, tombstone }: DeleteTerms): void {
    this.#endLease(key);
    const held = this.leases.get(key);
    if (settleMs > 0 && (held === undefined || held.until < this.clock.now() + settleMs))
      this.#keep(this.leases, key, hold, settleMs);
    if (tombstone === undefined) this.values.delete(key);
    else if (!this.#isOlder(key, tombstone.envelope))
      this.#keep(this.values, key, tombstone.envelope, tombstone.ttlMs);
  }

  #expire(key: string, at: number): void {
    this.#endLease(key);
    const kept = this.values.get(key);
    if (kept === undefined) return;
    const envelope = Buffer.from(kept.value);
    envelope.writeDoubleLE(Math.min(at, envelope.readDoubleLE(freshUntilAt)), freshUntilAt);
    envelope.writeDoubleLE(Infinity, slidingAt);
    this.values.set(key, { value: envelope, until: kept.until });
  }

  #isOlder(key: string, envelope: Uint8Array): boolean {
    const held = this.value(key);
    return held !== undefined && versionOf(held) > versionOf(envelope) && versionOf(envelope) >= 0;
  }

  /** What may have been forgotten counts as deleted at the floor. */
  #tagState(tag: string): TagState | undefined {
    const known = this.tagStates.get(tag);
    if (this.tagFloor === 0n) return known;
    const { deleted = 0n, expired = 0n } = known ?? {};
    return { deleted: deleted > this.tagFloor ? deleted : this.tagFloor, expired };
  }
}

function replace<T>(map: Map<string, T>, content: ReadonlyMap<string, T>): void {
  map.clear();
  for (const [key, value] of content) map.set(key, value);
}

function versionOf(envelope: Uint8Array): number {
  return Buffer.from(envelope).readDoubleLE(versionAt);
}

function sameStamp(envelope: Uint8Array, known: Uint8Array | undefined): boolean {
  return known !== undefined && Buffer.from(known).equals(envelope.subarray(stampAt, stampAt + 8));
}
