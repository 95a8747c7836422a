import type { Bounds, NaiveTable, Numbered } from './naive-table.ts';

interface Item {
  readonly key: string;
  record: Numbered;
  bytes: number;
  used: boolean;
  credit: number;
}

interface Ghost {
  readonly key: string;
  /** Newcomers lost before; none for a ghost of the proven. */
  readonly lostBefore: number;
}

/** Two lists of records and two of ghosts, the oldest in front, and the share that newcomers may have. */
export class NaiveS3Fifo implements NaiveTable {
  evictions = 0;
  readonly #bounds: Bounds;
  #newcomers: Item[] = [];
  #proven: Item[] = [];
  #ghosts: Ghost[] = [];
  #provenGhosts: Ghost[] = [];
  #lost = 0;
  /** In steps of 0.0005. */
  #steps = 20;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#newcomers.length + this.#proven.length;
  }

  get bytes(): number {
    return bytesOf(this.#newcomers) + bytesOf(this.#proven);
  }

  get ghosts(): number {
    return this.#ghosts.length + this.#provenGhosts.length;
  }

  get share(): number {
    return this.#steps / 2_000;
  }

  get(key: string): Numbered | undefined {
    const item = this.#find(key);
    if (item !== undefined) item.used = true;
    return item?.record;
  }

  peek(key: string): Numbered | undefined {
    return this.#find(key)?.record;
  }

  set(key: string, record: Numbered, bytes: number): boolean {
    if (bytes > this.#bounds.maxBytes) {
      this.delete(key);
      return false;
    }
    const old = this.#find(key);
    const queue = this.#queueFor(key, old);
    remove(this.#newcomers, old);
    remove(this.#proven, old);
    while (this.size + 1 > this.#bounds.maxEntries || this.bytes + bytes > this.#bounds.maxBytes)
      this.#evict();
    queue.push({ key, record, bytes, used: old?.used ?? false, credit: old?.credit ?? 0 });
    return true;
  }

  delete(key: string): boolean {
    const item = this.#find(key);
    if (item === undefined) return false;
    this.#drop(item);
    return true;
  }

  clear(): void {
    for (const list of [this.#newcomers, this.#proven, this.#ghosts, this.#provenGhosts]) list.length = 0;
    this.#steps = 20;
  }

  entries(): readonly (readonly [string, Numbered])[] {
    const order: ((item: Item) => boolean)[] = [];
    for (const credit of [3, 2, 1, 0])
      for (const used of [true, false])
        order.push((item) => this.#proven.includes(item) && item.credit === credit && item.used === used);
    for (const used of [true, false])
      order.push((item) => this.#newcomers.includes(item) && item.used === used);
    const items = [...this.#proven, ...this.#newcomers].toReversed();
    return order.flatMap((fits) => items.filter(fits)).map(({ key, record }) => [key, record]);
  }

  #queueFor(key: string, old: Item | undefined): Item[] {
    if (old !== undefined) return this.#proven.includes(old) ? this.#proven : this.#newcomers;
    const proven = this.#provenGhosts.find((ghost) => ghost.key === key);
    if (proven !== undefined) {
      remove(this.#provenGhosts, proven);
      this.#steps = Math.max(20, this.#steps - 1);
      return this.#newcomers;
    }
    const ghost = this.#ghosts.find((each) => each.key === key);
    if (ghost === undefined) return this.#newcomers;
    remove(this.#ghosts, ghost);
    if (this.#lost - ghost.lostBefore < Math.ceil(this.size / 20))
      this.#steps = Math.min(1_800, this.#steps + 1);
    return this.#proven;
  }

  #evict(): void {
    this.evictions += 1;
    for (let looks = 1; ; looks += 1) {
      const newcomer = this.#tooManyNewcomers() ? this.#newcomers[0] : undefined;
      const item = newcomer ?? this.#proven[0];
      if (item === undefined) throw new Error('there is nothing to evict');
      const spared = looks < 64 && (item.used || item.credit > 0);
      if (item.record.spent && (newcomer === undefined || spared)) return this.#drop(item);
      if (!spared) return this.#pushOut(item);
      remove(this.#newcomers, item);
      remove(this.#proven, item);
      const maxCredit = Math.max(0, 3 - Math.floor(this.#steps / 100));
      if (newcomer === undefined)
        item.credit = item.used ? Math.min(item.credit + 1, maxCredit) : item.credit - 1;
      item.used = false;
      this.#proven.push(item);
    }
  }

  #tooManyNewcomers(): boolean {
    return (
      this.#newcomers.length > this.share * this.size || bytesOf(this.#newcomers) > this.share * this.bytes
    );
  }

  #pushOut(item: Item): void {
    if (remove(this.#proven, item)) {
      this.#provenGhosts.push({ key: item.key, lostBefore: 0 });
      this.#provenGhosts = newest(this.#provenGhosts, Math.ceil(this.size / 20));
      return;
    }
    remove(this.#newcomers, item);
    this.#lost += 1;
    this.#remember({ key: item.key, lostBefore: this.#lost });
  }

  #drop(item: Item): void {
    const proven = remove(this.#proven, item);
    remove(this.#newcomers, item);
    if (proven || item.used)
      this.#remember({ key: item.key, lostBefore: this.#lost - Math.ceil(this.size / 20) });
  }

  #remember(ghost: Ghost): void {
    this.#ghosts.push(ghost);
    this.#ghosts = newest(this.#ghosts, Math.floor((this.size * 3) / 4));
  }

  #find(key: string): Item | undefined {
    return [...this.#newcomers, ...this.#proven].find((item) => item.key === key);
  }
}

function bytesOf(items: readonly Item[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0);
}

function remove<T>(list: T[], item: T | undefined): boolean {
  const place = item === undefined ? -1 : list.indexOf(item);
  if (place >= 0) list.splice(place, 1);
  return place >= 0;
}

function newest(ghosts: Ghost[], count: number): Ghost[] {
  return ghosts.slice(Math.max(0, ghosts.length - count));
}
