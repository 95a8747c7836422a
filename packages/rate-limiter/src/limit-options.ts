import { duration, InvalidOptionError, object, oneOf, ratio, text, wholeNumber } from '@holdfast/core';
import { cellsPerWindow } from './memory/strict-counter.ts';
import { globalScope, type LimitRule, type StoreErrorAction } from './store.ts';

/** The scope of a limit that names none. */
export const defaultScope = 'subject';

/** Costs are packed into 32 bits. */
export const largestCost: number = 2 ** 32 - 1;
/** 366 days. */
const longestWindowMs = 31_622_400_000;
/** They have to fit into one value of a store. */
const mostLimits = 250;

/** One limit. Unless its mode says otherwise, at most `limit` admitted cost in **any** interval of length `windowMs`. */
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

  /**
   * `'strict'`: at most `limit` in any interval of length `windowMs`. `'smooth'`: at most `burst` at once and `limit` per
   * window in the long run, so up to `burst + limit` in an interval of length `windowMs`; what is spent comes back
   * evenly instead of all at once. Defaults to `'strict'`.
   */
  readonly mode?: 'strict' | 'smooth' | undefined;

  /** Cost that may pass at once if the mode is smooth; a whole number from 1 to 2³²−1. Defaults to `limit`. */
  readonly burst?: number | undefined;

  /**
   * `'attempts'` charges also calls that are refused, by this limit only and while it has room: what it counts are tries.
   * Defaults to `'admitted'`.
   */
  readonly counts?: 'admitted' | 'attempts' | undefined;

  /** A limit that is tried out: it is counted and told in decisions, but refuses nothing. Defaults to `false`. */
  readonly shadow?: boolean | undefined;

  /**
   * What happens to calls while the store fails: `'local'` counts in this process, by its share of the limit; `'open'`
   * admits them; `'closed'` refuses them. Defaults to `'local'`.
   */
  readonly onStoreError?: StoreErrorAction | undefined;

  /**
   * The limiter's `factor` lowers this limit, but not below this share of it; over 0, up to 1. Defaults to 1: the factor
   * leaves the limit alone.
   */
  readonly minFactor?: number | undefined;

  /** What a refusal by this limit does beyond refusing. Not for `'global'` limits. Defaults to nothing. */
  readonly penalty?: PenaltyOptions | undefined;
}

/**
 * A refusal blocks the subject: each of its calls is refused until the block is over, whatever the limits say. The
 * next block is twice as long, unless the subject was quiet for 10 × `blockMs` after the last one. Blocks are in the
 * store, how often somebody was blocked is counted per process.
 */
export interface PenaltyOptions {
  /** Length of the first block in milliseconds; at least 1. */
  readonly blockMs: number;
  /** Longest block in milliseconds; at least `blockMs`. Defaults to 10 × `blockMs`. */
  readonly maxBlockMs?: number | undefined;
}

export type Penalty = Required<Readonly<Record<keyof PenaltyOptions, number>>>;

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

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function rulesOf(limits: LimitsOptions): LimitRule[] {
  const entries = Object.entries((limits as LimitsOptions | null | undefined) ?? {});
  if (entries.length === 0) throw new InvalidOptionError('limits', 'an object of at least one limit', limits);
  if (entries.length > mostLimits)
    throw new InvalidOptionError('limits', `of at most ${mostLimits} limits`, entries.length);
  return entries.map(([name, options], index) => ruleOf(name, options, index));
}

/** The penalty of each limit, in the order of its rules. */
export function penaltiesOf(limits: LimitsOptions): (Penalty | undefined)[] {
  return Object.entries(limits).map(([name, { penalty, by }]) => {
    if (penalty === undefined) return undefined;
    const option = `limits.${name}.penalty`;
    if (by === globalScope) throw new InvalidOptionError(option, 'absent from a global limit', penalty);
    const blockMs = duration(`${option}.blockMs`, object(option, penalty).blockMs, 1);
    return {
      blockMs,
      maxBlockMs: duration(`${option}.maxBlockMs`, penalty.maxBlockMs ?? 10 * blockMs, blockMs),
    };
  });
}

function ruleOf(name: string, options: LimitOptions, index: number): LimitRule {
  // Names travel in header fields and in packed values, and are properties of a decision.
  if (!/^[ -~]{1,64}$/.test(name) || name === '__proto__')
    throw new InvalidOptionError('limits', 'named in printable ASCII of 1 to 64 characters', name);
  const option = `limits.${name}`;
  const limit = wholeNumber(`${option}.limit`, object(option, options).limit, 0, largestCost);
  const mode = oneOf(`${option}.mode`, options.mode ?? 'strict', ['strict', 'smooth']);
  return {
    name,
    scope: text(`${option}.by`, options.by ?? defaultScope),
    tag: options.tag === undefined ? undefined : text(`${option}.tag`, options.tag),
    mode,
    limit,
    windowMs: wholeNumber(`${option}.windowMs`, options.windowMs, 1, longestWindowMs),
    burst: burstOf(`${option}.burst`, options.burst, mode, limit),
    cells: mode === 'smooth' || limit <= cellsPerWindow ? 0 : cellsPerWindow,
    countsAttempts:
      oneOf(`${option}.counts`, options.counts ?? 'admitted', ['admitted', 'attempts']) === 'attempts',
    shadow: oneOf(`${option}.shadow`, options.shadow ?? false, [true, false]),
    minFactor: ratio(`${option}.minFactor`, options.minFactor ?? 1, 'over'),
    onStoreError: oneOf(`${option}.onStoreError`, options.onStoreError ?? 'local', [
      'local',
      'open',
      'closed',
    ]),
    index,
  };
}

function burstOf(option: string, burst: number | undefined, mode: LimitRule['mode'], limit: number): number {
  if (burst === undefined) return limit;
  if (mode !== 'smooth') throw new InvalidOptionError(option, 'absent unless the mode is smooth', burst);
  return wholeNumber(option, burst, 1, largestCost);
}
