import {
  callable,
  type Clock,
  type ExecuteOptions,
  methods,
  object,
  systemClock,
  text,
} from '@holdfast/core';
import { type LimitsOptions, penaltiesOf, type Penalty, rulesOf, type ScopeOf } from './limit-options.ts';
import { MemoryStore } from './memory/memory-store.ts';
import type { LimitRule, RateLimitStore } from './store.ts';

export type { LimitOptions, LimitsOptions, NameOf, PenaltyOptions, ScopeOf, TagOf } from './limit-options.ts';

/**
 * Who calls. A string is the subject of the only scope that the limits name; an object names one subject per scope,
 * where `undefined` means that the call has none (`{ user: undefined, ip }` of a caller who is not signed in). A decision
 * keeps the object to refund and settle, so it must not change.
 */
export type SubjectOf<Limits extends LimitsOptions> =
  | string
  | { readonly [Scope in ScopeOf<Limits>]?: string | undefined };

export interface RateLimiterOptions<Limits extends LimitsOptions> {
  /** Shown in errors and events, and part of the keys in a store. Defaults to `'rate-limiter'`. */
  readonly name?: string | undefined;

  /** The limits by their names, which are printable ASCII of 1 to 64 characters. From 1 to 250 of them. */
  readonly limits: Limits;

  /** Where the counts live. Defaults to a `MemoryStore` of its own. */
  readonly store?: RateLimitStore | undefined;

  /** Whom `execute` charges. Defaults to the call's `key`, else its `tenant`, else the limiter's name. */
  readonly subjectOf?: ((options: ExecuteOptions | undefined) => SubjectOf<Limits>) | undefined;

  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;

  /**
   * Lowers the limits that have a `minFactor`, from 1 (as they are) towards 0. Asked for each decision if there is such a
   * limit, so it must be cheap. More than 1, or something that is no number, counts as 1; what it throws as well.
   * Defaults to 1. See `AdaptiveFactor`.
   */
  readonly factor?: (() => number) | undefined;
}

export interface ResolvedRateLimiterOptions {
  readonly name: string;
  readonly rules: readonly LimitRule[];
  readonly penalties: readonly (Penalty | undefined)[];
  readonly store: RateLimitStore;
  readonly subjectOf: (
    options: ExecuteOptions | undefined,
  ) => string | Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** `undefined` if no limit ever listens to it. */
  readonly factor: (() => number) | undefined;
}

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function resolveOptions<Limits extends LimitsOptions>(
  options: RateLimiterOptions<Limits>,
): ResolvedRateLimiterOptions {
  object('options', options);
  const name = text('name', options.name ?? 'rate-limiter');
  const rules = rulesOf(options.limits);
  const { subjectOf = (call) => call?.key ?? call?.tenant ?? name } = options;
  const factor = options.factor === undefined ? undefined : callable('factor', options.factor);
  return {
    name,
    rules,
    penalties: penaltiesOf(options.limits),
    store: methods('store', options.store ?? new MemoryStore(), 'open'),
    subjectOf: callable('subjectOf', subjectOf),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
    factor: rules.some(({ minFactor }) => minFactor < 1) ? factor : undefined,
  };
}
