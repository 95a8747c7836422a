import type { TieredCacheOptions } from '@holdfast/tiered-cache';
import type { RedisOptions } from '@holdfast/tiered-cache/redis';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Who makes the client: the cache itself at a URL, or the application, with the defaults of its library. */
export type ClientKind = 'url' | 'ioredis' | 'ioredis-5' | 'node-redis';

/** How a process comes to its Redis. */
export interface Wiring {
  readonly client: ClientKind;
  /** Of the server; of the nodes of a Cluster; of sentinels. */
  readonly addresses: readonly Address[];
  readonly layout: 'alone' | 'cluster' | 'sentinel';
  /** Where the nodes of a Cluster are reached, by `host:port` as they announce it. */
  readonly detours?: Readonly<Record<string, Address>> | undefined;
  readonly user?: { readonly username: string; readonly password: string } | undefined;
}

export type OpenOptions = Partial<TieredCacheOptions> & { readonly redis?: RedisOptions };

/** What a process of the fleet is asked to do. */
export type Task =
  | { readonly do: 'open'; readonly wiring: Wiring; readonly options: OpenOptions }
  | {
      readonly do: 'call';
      readonly method: string;
      readonly args: readonly unknown[];
      /** Whether a loader comes second among the arguments: one that asks for the truth by a message. */
      readonly loads?: boolean | undefined;
    }
  /** Reads with a loader by so many callers at once: gives the different answers. */
  | { readonly do: 'crowd'; readonly key: string; readonly callers: number }
  /** Reads and writes in every way, one after the other: tells what was not answered within the limit, or rejected. */
  | { readonly do: 'hurry'; readonly who: number; readonly rounds: number; readonly limitMs: number }
  /** Gives the events that the cache has emitted. */
  | { readonly do: 'listen' }
  | { readonly do: 'close' }
  /** Closes everything and holds nothing open that would keep the process alive. */
  | { readonly do: 'leave' };

export interface Request {
  readonly id: number;
  /** The cache that is meant. */
  readonly cache: string;
  readonly task: Task;
}

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };

/** A loader has begun. */
export interface LoadRequest {
  readonly load: number;
  readonly cache: string;
  readonly keys: readonly string[];
}

/** What a load brings for a key. */
export interface LoadedValue {
  readonly value: unknown;
  readonly tags: readonly string[];
}

/** What it brings. */
export interface LoadAnswer {
  readonly loaded: number;
  readonly values: ReadonlyMap<string, LoadedValue>;
}
