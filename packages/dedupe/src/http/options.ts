import {
  atLeast,
  callable,
  type Clock,
  duration,
  InvalidOptionError,
  methods,
  object,
  oneOf,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';

import type { AnswerStore } from './answer-store.ts';
import { MemoryAnswerStore } from './memory-answer-store.ts';

export interface IdempotencyOptions<R> {
  /** Where answers are kept. Defaults to a `MemoryAnswerStore` of its own. */
  readonly store?: AnswerStore | undefined;
  /**
   * Which POST and PATCH requests are refused (400) without a key; others without one are left alone. Defaults to
   * `false`: none.
   */
  readonly required?: boolean | ((request: R) => boolean) | undefined;
  /**
   * What a request gets while the first one with its key is under way: `'conflict'` refuses it (409), as the draft has it;
   * `'join'` lets it wait for the same answer if the first one is in this process. Defaults to `'conflict'`.
   */
  readonly concurrent?: 'conflict' | 'join' | undefined;
  /** How long an answer replays, in milliseconds, over 0. Defaults to 86,400,000: a day. */
  readonly ttlMs?: number | undefined;
  /**
   * How long a request that never ends holds its key, in milliseconds, over 0. It must be longer than any handler takes.
   * Defaults to 300,000.
   */
  readonly lockMs?: number | undefined;
  /** Longest key, in characters, at least 1. Defaults to 255. */
  readonly maxKeyLength?: number | undefined;
  /** Stands for the body of a request that no parser reads, or for the part of it that counts. Defaults to a digest of all. */
  readonly fingerprint?: ((request: R) => string) | undefined;
  /** Where the service documents its idempotency keys: a URL that refusals point to. */
  readonly documentation?: string | undefined;
}

export interface RequestDedupeOptions<R> {
  /** Shown in statistics and events. Defaults to `'requests'`. */
  readonly name?: string | undefined;
  /**
   * Who asks, as far as answers differ by it: requests of different identities share nothing. `undefined` for a request
   * that shares with nobody. `byCredentials` takes what the client shows.
   */
  readonly identity: (request: R) => string | undefined;
  /**
   * Request headers that answers depend on, in lower case, beside those that content negotiation, ranges and conditions
   * use. Defaults to none.
   */
  readonly vary?: readonly string[] | undefined;
  /** Longest response body that is shared or kept, in bytes, at least 0. Defaults to 1 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Age in milliseconds from which a handler under way is no longer waited for by others. Defaults to 30,000. */
  readonly maxAgeMs?: number | undefined;
  /**
   * How long others go on waiting for a handler whose own client has left, in milliseconds: such a handler may never
   * answer. Defaults to 1,000.
   */
  readonly handoverMs?: number | undefined;
  /** Most different requests under way, at least 1; over it requests share nothing. Defaults to no limit. */
  readonly maxFlights?: number | undefined;
  /** Most requests that wait for one handler, at least 1; over it they share nothing. Defaults to no limit. */
  readonly maxWaiters?: number | undefined;
  /** `false`: the header `Idempotency-Key` means nothing. Defaults to all defaults. */
  readonly idempotency?: false | IdempotencyOptions<R> | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export interface ResolvedIdempotency<R> {
  readonly store: AnswerStore;
  readonly required: (request: R) => boolean;
  readonly concurrent: 'conflict' | 'join';
  readonly ttlMs: number;
  readonly lockMs: number;
  readonly maxKeyLength: number;
  readonly fingerprint: ((request: R) => string) | undefined;
  readonly documentation: string | undefined;
}

export interface ResolvedRequestOptions<R> {
  readonly name: string;
  readonly identity: (request: R) => string | undefined;
  readonly vary: readonly string[];
  readonly maxBodyBytes: number;
  readonly maxAgeMs: number | undefined;
  readonly handoverMs: number;
  readonly maxFlights: number | undefined;
  readonly maxWaiters: number | undefined;
  readonly idempotency: ResolvedIdempotency<R> | undefined;
  readonly clock: Clock;
}

/** What content negotiation, ranges and conditions use. */
const always = [
  'accept',
  'accept-encoding',
  'accept-language',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
];

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions<R>(options: RequestDedupeOptions<R>): ResolvedRequestOptions<R> {
  object('options', options);
  const clock = methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule');
  const vary = (options.vary ?? []).map((name) => text('vary', name).toLowerCase());
  return {
    name: text('name', options.name ?? 'requests'),
    identity: callable('identity', options.identity),
    vary: [...always, ...vary],
    maxBodyBytes: atLeast('maxBodyBytes', options.maxBodyBytes ?? 2 ** 20, 0),
    maxAgeMs: options.maxAgeMs,
    handoverMs: duration('handoverMs', options.handoverMs ?? 1_000),
    maxFlights: options.maxFlights,
    maxWaiters: options.maxWaiters,
    idempotency:
      options.idempotency === false ? undefined : resolveIdempotency(options.idempotency ?? {}, clock),
    clock,
  };
}

function resolveIdempotency<R>(options: IdempotencyOptions<R>, clock: Clock): ResolvedIdempotency<R> {
  const { required = false, fingerprint, documentation } = options;
  if (typeof required !== 'boolean' && typeof required !== 'function')
    throw new InvalidOptionError('idempotency.required', 'true, false or a function', required);
  const store = options.store ?? new MemoryAnswerStore({ clock });
  return {
    store: methods('idempotency.store', store, 'claim', 'complete', 'release'),
    required: typeof required === 'function' ? required : () => required,
    concurrent: oneOf('idempotency.concurrent', options.concurrent ?? 'conflict', ['conflict', 'join']),
    ttlMs: duration('idempotency.ttlMs', options.ttlMs ?? 86_400_000, 1),
    lockMs: duration('idempotency.lockMs', options.lockMs ?? 300_000, 1),
    maxKeyLength: wholeNumber('idempotency.maxKeyLength', options.maxKeyLength ?? 255, 1),
    fingerprint: fingerprint === undefined ? undefined : callable('idempotency.fingerprint', fingerprint),
    documentation: documentation === undefined ? undefined : text('idempotency.documentation', documentation),
  };
}
