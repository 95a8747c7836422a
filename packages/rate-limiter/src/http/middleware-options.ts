import { callable, methods, oneOf } from '@holdfast/core';
import type { Decision } from '../decision.ts';
import type { LimitsOptions, NameOf, SubjectOf, TagOf } from '../options.ts';
import type { RateLimiter } from '../rate-limiter.ts';
import type { RateLimitHeaderOptions } from './header-options.ts';
import { HeaderEmitter } from './headers.ts';
import type { RateLimitProblem } from './problem.ts';

/** What a middleware needs of a limiter. */
export type Checker<Limits extends LimitsOptions> = Pick<RateLimiter<Limits>, 'check'>;

/**
 * What all middlewares take. An error that one of the functions throws goes to the framework's error handling, and the
 * request does not pass.
 */
export interface MiddlewareOptions<Call extends readonly unknown[], Limits extends LimitsOptions> {
  /** Asked once per request, however often the middleware is mounted. Other limiters are asked as well. */
  readonly limiter: Checker<Limits>;

  /** Who calls. The package's `./identity` tells it from an address. */
  readonly subjectOf: (...call: Call) => SubjectOf<Limits> | Promise<SubjectOf<Limits>>;

  /** Which tagged limits apply. Defaults to none. */
  readonly tagsOf?: ((...call: Call) => readonly TagOf<Limits>[] | undefined) | undefined;

  /** What the request costs; a whole number of at least 0. Defaults to 1. */
  readonly costOf?: ((...call: Call) => number) | undefined;

  /** Lets a request pass without asking. Defaults to none. */
  readonly skip?: ((...call: Call) => boolean) | undefined;

  /**
   * Whether a response of this status counts; what it cost is given back else. A request that is never answered
   * counts. Defaults to all.
   */
  readonly countWhen?: ((status: number) => boolean) | undefined;

  /** How the limits are told, or `'none'`; a refusal tells `Retry-After` in any case. */
  readonly headers?: RateLimitHeaderOptions | 'none' | undefined;
}

/** A refused request, for those who answer it themselves; the header fields are set. */
export interface Refusal<Limits extends LimitsOptions = LimitsOptions> {
  readonly decision: Decision<NameOf<Limits>>;
  readonly problem: RateLimitProblem;
}

export interface ResolvedMiddlewareOptions<Call extends readonly unknown[], Limits extends LimitsOptions> {
  readonly limiter: Checker<Limits>;
  readonly subjectOf: (...call: Call) => SubjectOf<Limits> | Promise<SubjectOf<Limits>>;
  readonly tagsOf: ((...call: Call) => readonly TagOf<Limits>[] | undefined) | undefined;
  readonly costOf: ((...call: Call) => number) | undefined;
  readonly skip: ((...call: Call) => boolean) | undefined;
  readonly countWhen: ((status: number) => boolean) | undefined;
  readonly emitter: HeaderEmitter;
  readonly telling: 'all' | 'retry-after';
}

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function resolveMiddlewareOptions<Call extends readonly unknown[], Limits extends LimitsOptions>(
  options: MiddlewareOptions<Call, Limits>,
): ResolvedMiddlewareOptions<Call, Limits> {
  const { limiter, subjectOf, tagsOf, costOf, skip, countWhen, headers } = options;
  if (typeof headers === 'string') oneOf('headers', headers, ['none']);
  return {
    limiter: methods('limiter', limiter, 'check'),
    subjectOf: callable('subjectOf', subjectOf),
    tagsOf: optional('tagsOf', tagsOf),
    costOf: optional('costOf', costOf),
    skip: optional('skip', skip),
    countWhen: optional('countWhen', countWhen),
    emitter: new HeaderEmitter(headers === 'none' ? {} : headers),
    telling: headers === 'none' ? 'retry-after' : 'all',
  };
}

/** Checks a function that may be left out. */
export function optional<Callable>(option: string, value: Callable | undefined): Callable | undefined {
  return value === undefined ? undefined : callable(option, value);
}
