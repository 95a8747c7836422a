/**
 * A store for the plugin of the package `@fastify/rate-limit`, version 11.
 *
 * @module
 */
import { InvalidOptionError } from '@holdfast/core';
import { type KeyCount, KeyLimit, type StoreAdapterOptions } from './http/key-limit.ts';
import { MemoryStore } from './memory/memory-store.ts';

export type { StoreAdapterOptions } from './http/key-limit.ts';

/** How the plugin is told of a key: hits and the rest of their time in milliseconds. */
export type FastifyRateLimitCallback = (
  error: Error | null,
  result?: { current: number; ttl: number },
) => void;

/** The plugin's settings with those of a route, as far as a store has to know them. */
interface Settings {
  readonly continueExceeding?: boolean | undefined;
  readonly exponentialBackoff?: boolean | undefined;
  readonly ban?: number | undefined;
  readonly routeInfo?: object | undefined;
}

/** What the plugin does with a store. */
export interface FastifyRateLimitStore {
  incr(key: string, callback: FastifyRateLimitCallback, timeWindow: number, max: number): void;
  read(key: string, callback: FastifyRateLimitCallback, timeWindow: number, max: number): void;
  child(settings: object): FastifyRateLimitStore;
}

/** Each pair of limit and window has a limiter of its own. */
const mostPairs = 100;

/**
 * Makes the class that the plugin takes as `store`. It counts by strict limits: at most `max` hits in any interval of
 * length `timeWindow`, where the plugin's own stores admit up to twice as many. A refused hit does not count.
 *
 * `max` and `timeWindow` may be functions, of at most 100 different results. The class refuses settings that make refused
 * hits count: `continueExceeding`, `exponentialBackoff` and `ban` over 0; limits of this package have a `penalty` instead.
 */
export function fastifyRateLimitStore(
  options: StoreAdapterOptions = {},
): new (settings: object) => FastifyRateLimitStore {
  const { store = new MemoryStore(), name = 'rate-limiter', clock } = options;

  return class Store implements FastifyRateLimitStore {
    readonly #route: string;
    readonly #limits = new Map<string, KeyLimit>();

    constructor(settings: object) {
      refuseCountingRefusals(settings);
      this.#route = routeOf(settings);
    }

    incr(key: string, callback: FastifyRateLimitCallback, timeWindow: number, max: number): void {
      void answer(callback, () => this.#limitOf(timeWindow, max).hit(key));
    }

    read(key: string, callback: FastifyRateLimitCallback, timeWindow: number, max: number): void {
      void answer(callback, () => this.#limitOf(timeWindow, max).peek(key));
    }

    /** The counts of a route with settings of its own. */
    child(settings: object): Store {
      return new Store(settings);
    }

    #limitOf(timeWindow: number, max: number): KeyLimit {
      const pair = `${max}/${timeWindow}`;
      let limit = this.#limits.get(pair);
      if (limit !== undefined) return limit;
      if (this.#limits.size === mostPairs)
        throw new InvalidOptionError('max and timeWindow', `of at most ${mostPairs} different pairs`, pair);
      limit = new KeyLimit(max, timeWindow, { store, clock, name: `${name}${this.#route} ${pair}` });
      this.#limits.set(pair, limit);
      return limit;
    }
  };
}

async function answer(callback: FastifyRateLimitCallback, ask: () => Promise<KeyCount>): Promise<void> {
  let count: KeyCount;
  try {
    count = await ask();
  } catch (error) {
    callback(error as Error);
    return;
  }
  // oxlint-disable-next-line unicorn/no-null -- the plugin's own contract
  callback(null, { current: count.hits, ttl: count.resetMs });
}

function routeOf({ routeInfo }: Settings): string {
  const { method = '', url = '' } = (routeInfo ?? {}) as { method?: string | string[]; url?: string };
  return routeInfo === undefined ? '' : ` ${String(method)} ${url}`;
}

function refuseCountingRefusals({ continueExceeding, exponentialBackoff, ban }: Settings): void {
  const rule = 'left off: refused hits do not count';
  if (continueExceeding === true) throw new InvalidOptionError('continueExceeding', rule, continueExceeding);
  if (exponentialBackoff === true)
    throw new InvalidOptionError('exponentialBackoff', rule, exponentialBackoff);
  if (ban !== undefined && ban > 0) throw new InvalidOptionError('ban', rule, ban);
}
