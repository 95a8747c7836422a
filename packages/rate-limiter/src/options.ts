import {
  callable,
  type Clock,
  type ExecuteOptions,
  InvalidOptionError,
  methods,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';
import { cellsPerWindow } from './cell-log.ts';
import { MemoryStore } from './memory-store.ts';
import type { LimitRule, RateLimitStore } from './store.ts';

/** The scope of a limit that names none. */
export const defaultScope = 'subject';

/** Costs are packed into 32 bits. */
const largestLimit = 2 ** 32 - 1;
/** 366 days. */
const longestWindowMs = 31_622_400_000;

/** One limit: at most `limit` admitted cost in **any** interval of length `windowMs`. */
export interface LimitOptions {
  /** A whole number from 0 to 2³²−1. 0 always refuses; it never means "no limit". */
  readonly limit: number;

  /** A whole number of milliseconds from 1 to 366 days. */
  readonly windowMs: number;

  /**
   * Whose spending counts: a name under which calls tell their subject (`'user'`, `'ip'`, `'tenant'`), or `'global'`
   * for one count that all share. The limit applies to calls that name such a subject. Defaults to `'subject'`.
   */
  readonly by?: string | undefined;

  /** The limit applies only to calls that carry this tag. Defaults to all calls. */
  readonly tag?: string | undefined;
}

export type LimitsOptions = Readonly<Record<string, LimitOptions>>;

/** The names of the limits. */
export type NameOf<Limits extends LimitsOptions> = keyof Limits & string;

/** The scopes that a call may name a subject for. */
export type ScopeOf<Limits extends LimitsOptions> = string extends keyof Limits
  ? string
  : Exclude<
      {
        [Name in keyof Limits]: Limits[Name] extends { readonly by: infer By extends string }
          ? By
          : 'subject';
      }[keyof Limits],
      'global'
    >;

/** The tags that a call may carry. */
export type TagOf<Limits extends LimitsOptions> = string extends keyof Limits
  ? string
  : {
      [Name in keyof Limits]: Limits[Name] extends { readonly tag: infer Tag extends string } ? Tag : never;
    }[keyof Limits];

/**
 * Who calls. A string is the subject of the only scope that the limits name; an object names one subject per scope,
 * where `undefined` means that the call has none (`{ user: undefined, ip }` of a caller who is not signed in).
 */
export type SubjectOf<Limits extends LimitsOptions> =
  | string
  | { readonly [Scope in ScopeOf<Limits>]?: string | undefined };

export interface RateLimiterOptions<Limits extends LimitsOptions> {
  /** Shown in errors and events, and part of the keys in a store. Defaults to `'rate-limiter'`. */
  readonly name?: string | undefined;

  /** The limits by their names, which are printable ASCII of 1 to 64 characters. At least one. */
  readonly limits: Limits;

  /** Where the counts live. Defaults to a `MemoryStore` of its own. */
  readonly store?: RateLimitStore | undefined;

  /** Whom `execute` charges. Defaults to the call's `key`, else its `tenant`, else the limiter's name. */
  readonly subjectOf?: ((options: ExecuteOptions | undefined) => SubjectOf<Limits>) | undefined;

  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export interface ResolvedRateLimiterOptions {
  readonly name: string;
  readonly rules: readonly LimitRule[];
  readonly store: RateLimitStore;
  readonly subjectOf: (
    options: ExecuteOptions | undefined,
  ) => string | Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function resolveOptions<Limits extends LimitsOptions>(
  options: RateLimiterOptions<Limits>,
): ResolvedRateLimiterOptions {
  const name = text('name', options.name ?? 'rate-limiter');
  const { subjectOf = (call) => call?.key ?? call?.tenant ?? name } = options;
  return {
    name,
    rules: rulesOf(options.limits),
    store: methods('store', options.store ?? new MemoryStore(), 'open'),
    subjectOf: callable('subjectOf', subjectOf),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

function rulesOf(limits: LimitsOptions): LimitRule[] {
  const entries: [string, LimitOptions][] = typeof limits === 'object' ? Object.entries(limits) : [];
  if (entries.length === 0) throw new InvalidOptionError('limits', 'an object of at least one limit', limits);
  return entries.map(([name, { limit, windowMs, by, tag }], index) => {
    // Names travel in header fields and in packed values, and are properties of a decision.
    if (!/^[ -~]{1,64}$/.test(name) || name === '__proto__')
      throw new InvalidOptionError('limits', 'named in printable ASCII of 1 to 64 characters', name);
    return {
      name,
      scope: text(`limits.${name}.by`, by ?? defaultScope),
      tag: tag === undefined ? undefined : text(`limits.${name}.tag`, tag),
      limit: wholeNumber(`limits.${name}.limit`, limit, 0, largestLimit),
      windowMs: wholeNumber(`limits.${name}.windowMs`, windowMs, 1, longestWindowMs),
      cells: limit <= cellsPerWindow ? 0 : cellsPerWindow,
      index,
    };
  });
}
