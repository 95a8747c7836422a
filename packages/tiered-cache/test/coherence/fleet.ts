import { type Clock, type ScheduleOptions } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { createCache, type ICache, type TieredCache, type TieredCacheOptions } from '@holdfast/tiered-cache';

import { CoherentMemory } from './coherent-memory.ts';
import { CoherentMemoryStore, coherentTier, type Fate } from './coherent-memory-store.ts';

/** One process: its cache and its way to the server. */
export interface Node {
  readonly cache: TieredCache;
  readonly store: CoherentMemoryStore;
}

export const maxStalenessMs = 400;

/** Processes with a cache each that share a server, on one clock. */
export class Fleet {
  readonly clock = new ManualClock();
  readonly server: CoherentMemory;
  readonly nodes: Node[] = [];
  readonly #options: Partial<TieredCacheOptions>;

  constructor(
    size: number,
    options: Partial<TieredCacheOptions> = {},
    server: { readonly split?: boolean } = {},
  ) {
    this.#options = options;
    this.server = new CoherentMemory(this.clock, server);
    for (let index = 0; index < size; index += 1) this.add();
  }

  add(options: Partial<TieredCacheOptions> = {}): Node {
    const node = this.make(options);
    this.nodes.push(node);
    return node;
  }

  /**
   * A process that is not counted among the fleet.
   *
   * @param nearer - A tier before the server.
   */
  make(options: Partial<TieredCacheOptions> = {}, nearer?: ICache): Node {
    const store = new CoherentMemoryStore(this.server);
    const shared = coherentTier(store);
    const cache = createCache({
      namespace: 'n',
      ttlMs: 600_000,
      clock: this.clock,
      random: () => 0.5,
      maxStalenessMs,
      ...(nearer === undefined ? { l2: shared } : { l2: nearer, l3: shared }),
      ...this.#options,
      ...options,
    });
    return { cache, store };
  }

  /** A clock whose wall time differs from that of the others. */
  skewed(ms: number): Clock {
    const { clock } = this;
    return {
      now: () => clock.now(),
      epoch: () => clock.epoch() + ms,
      schedule: (task: () => void, delayMs: number, options?: ScheduleOptions) =>
        clock.schedule(task, delayMs, options),
    };
  }

  /** What `work` gives, with time passing as long as it takes, in steps of 1 ms. */
  async during<T>(work: Promise<T>): Promise<T> {
    const state = { isOver: false };
    const end = (): void => {
      state.isOver = true;
    };
    work.then(end, end);
    for (let ms = 0; !state.isOver; ms += 1) {
      if (ms > 60_000) throw new Error('it takes more than a minute');
      await this.clock.advance(1);
    }
    return work;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const disposed = Promise.all(this.nodes.map(({ cache }) => cache[Symbol.asyncDispose]()));
    await this.clock.advance(10_000);
    await disposed;
  }
}

export const failing = (): Fate => ({ fails: 'before' });
export const hanging = (): Fate => ({ requestMs: Infinity });
export const working = (): Fate => ({});
