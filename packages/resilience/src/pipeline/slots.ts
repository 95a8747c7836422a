import { Bulkhead, type BulkheadOptions } from '@holdfast/bulkhead';
import { CircuitBreaker, type CircuitBreakerOptions } from '@holdfast/circuit-breaker';
import { callable, type Clock, InvalidOptionError, type Policy, text } from '@holdfast/core';
import { Dedupe, type DedupeOptions } from '@holdfast/dedupe';
import { type LimitsOptions, RateLimiter, type RateLimiterOptions } from '@holdfast/rate-limiter';

import { Chaos } from '../chaos/chaos.ts';
import type { ChaosOptions } from '../chaos/options.ts';
import { disposeOf, type OnDiscard } from '../discard.ts';
import { Fallback } from '../fallback/fallback.ts';
import type { FallbackFunction, FallbackOptions } from '../fallback/options.ts';
import { Hedge } from '../hedge/hedge.ts';
import type { HedgeOptions } from '../hedge/options.ts';
import { clockOf, limitMs } from '../limits.ts';
import type { RetryOptions } from '../retry/options.ts';
import { Retry } from '../retry/retry.ts';
import type { TimeoutOptions } from '../timeout/options.ts';
import { Timeout } from '../timeout/timeout.ts';

/** The part of a breaker that a pipeline uses: any object with these members. `execute` starts at once or never. */
export type BreakerPart = Pick<CircuitBreaker, 'name' | 'admitting' | 'refusal' | 'tryAcquire' | 'events'>;
/** The part of a bulkhead that a pipeline uses. */
export type BulkheadPart = Pick<Bulkhead, 'name' | 'acquire' | 'tryAcquire' | 'events'>;
/** The part of a rate limiter that a pipeline uses. It decides about an operation that does nothing. */
export type RateLimitPart = Policy & { readonly name: string; readonly events: RateLimiter['events'] };
/** The part of a dedupe that a pipeline uses. */
export type DedupePart = Pick<Dedupe, 'name' | 'run' | 'events'>;
/** The part of a fallback that a pipeline uses. */
export type FallbackPart<Fallen> = Pick<Fallback<Fallen>, 'name' | 'answer' | 'statistics' | 'events'>;
export type HedgePart = Pick<Hedge, 'name' | 'execute' | 'events'>;
export type ChaosPart = Pick<Chaos, 'name' | 'execute' | 'events'>;
export type RetryPart = Pick<Retry, 'name' | 'begin' | 'events'>;
/** The part of a timeout that a pipeline uses. It has to release what it is handed with the operation. */
export type TimeoutPart = Pick<Timeout, 'name' | 'start' | 'events'>;

/**
 * What a pipeline consists of. Each slot takes options, or an instance, which may be shared: pipelines that share a
 * breaker see one circuit. `true` stands for the defaults. Which slot comes first is not for the caller to decide.
 */
export interface PipelineSlots<Fallen = never> {
  /**
   * Budget of a whole call in milliseconds: attempts, pauses and waits together, also the fallback. When it has passed,
   * the caller gets a `DeadlineExceededError`. A call may set a shorter one. Defaults to no deadline.
   */
  readonly deadlineMs?: number | undefined;
  /** Answers calls that failed, unless their caller left or their deadline passed. A function answers all of them. */
  readonly fallback?: FallbackFunction<Fallen> | FallbackOptions<Fallen> | FallbackPart<Fallen> | undefined;
  /** Lets identical concurrent calls share one execution: those that give the same `key`. Others are left alone. */
  readonly dedupe?: true | DedupeOptions | DedupePart | undefined;
  /** A number is the most retries of one call. */
  readonly retry?: true | number | RetryOptions | RetryPart | undefined;
  /** Starts an attempt a second time where the first execution is slow. */
  readonly hedge?: HedgeOptions | HedgePart | undefined;
  readonly breaker?: true | CircuitBreakerOptions | BreakerPart | undefined;
  readonly rateLimit?: RateLimiterOptions<LimitsOptions> | RateLimitPart | undefined;
  /** A number is the most operations that run at once; `'auto'` finds it out. */
  readonly bulkhead?: number | 'auto' | BulkheadOptions | BulkheadPart | undefined;
  /** Bounds each attempt, without the time that it waits to start. */
  readonly timeout?: TimeoutOptions | TimeoutPart | undefined;
  /** Interferes with the operation itself, on purpose. */
  readonly chaos?: ChaosOptions | ChaosPart | undefined;
  /**
   * Takes each value that no caller gets: it came after its caller was let go, it was tried again, or another execution was
   * faster. Also for the policies that the pipeline makes from options. Defaults to disposing of it, if it can be disposed of.
   */
  readonly onDiscard?: ((value: unknown) => unknown) | undefined;
  /** For the pipeline and for the policies that it makes from options. Defaults to the system clock. */
  readonly clock?: Clock | undefined;
  /** For the policies that the pipeline makes from options. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** The slots of a pipeline, filled. */
export interface PipelineParts<Fallen> {
  readonly name: string;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly fallback: FallbackPart<Fallen> | undefined;
  readonly dedupe: DedupePart | undefined;
  readonly retry: RetryPart | undefined;
  readonly hedge: HedgePart | undefined;
  readonly breaker: BreakerPart | undefined;
  readonly rateLimit: RateLimitPart | undefined;
  readonly bulkhead: BulkheadPart | undefined;
  readonly timeout: TimeoutPart | undefined;
  readonly chaos: ChaosPart | undefined;
  readonly onDiscard: (value: unknown) => unknown;
}

/** @throws {InvalidOptionError} naming the first option or slot that is wrong. */
export function fillSlots<Fallen>(name: string, slots: PipelineSlots<Fallen>): PipelineParts<Fallen> {
  const clock = clockOf(slots.clock);
  const random = slots.random && callable('random', slots.random);
  const onDiscard = callable<OnDiscard>('onDiscard', slots.onDiscard ?? disposeOf);
  // Policies made here carry the pipeline's name: that is how their errors and statistics tell where they belong.
  const own = <Options extends SharedOptions>(options: Options): Options => ({
    ...options,
    name: options.name ?? name,
    clock: options.clock ?? clock,
    random: options.random ?? random,
    onDiscard: options.onDiscard ?? onDiscard,
  });
  const { retry, bulkhead } = slots;
  return {
    name: text('name', name),
    clock,
    deadlineMs: limitMs('deadlineMs', slots.deadlineMs ?? Infinity, 1),
    fallback: fill<FallbackPart<Fallen>, FallbackOptions<Fallen>>(
      'fallback',
      typeof slots.fallback === 'function'
        ? { answers: slots.fallback, maxConcurrent: unlimited }
        : slots.fallback,
      'answer',
      (it) => new Fallback(own(it)),
    ),
    dedupe: fill<DedupePart, DedupeOptions>('dedupe', slots.dedupe, 'run', (it) => new Dedupe(own(it))),
    retry: fill<RetryPart, RetryOptions>(
      'retry',
      typeof retry === 'number' ? { maxRetries: retry } : retry,
      'begin',
      (it) => new Retry(own(it)),
    ),
    hedge: fill<HedgePart, HedgeOptions>('hedge', slots.hedge, 'execute', (it) => new Hedge(own(it))),
    breaker: fill<BreakerPart, CircuitBreakerOptions>(
      'breaker',
      slots.breaker,
      'refusal',
      (it) => new CircuitBreaker(own(it)),
    ),
    rateLimit: fill<RateLimitPart, RateLimiterOptions<LimitsOptions>>(
      'rateLimit',
      slots.rateLimit,
      'execute',
      (it) => new RateLimiter(own(it)),
    ),
    bulkhead: fill<BulkheadPart, BulkheadOptions>(
      'bulkhead',
      typeof bulkhead === 'number' || bulkhead === 'auto' ? { limit: bulkhead } : bulkhead,
      'acquire',
      (it) => new Bulkhead(own(it)),
    ),
    timeout: fill<TimeoutPart, TimeoutOptions>(
      'timeout',
      slots.timeout,
      'start',
      (it) => new Timeout(own(it)),
    ),
    chaos: fill<ChaosPart, ChaosOptions>('chaos', slots.chaos, 'execute', (it) => new Chaos(own(it))),
    onDiscard,
  };
}

/** A function alone answers every call, as it always did. */
const unlimited = Number.MAX_SAFE_INTEGER;

interface SharedOptions {
  readonly name?: string | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  readonly onDiscard?: OnDiscard | undefined;
}

/** An instance is told from options by a method that only the former has. */
function fill<Part extends object, Options extends object>(
  slot: string,
  given: true | Part | Options | undefined,
  method: keyof Part & string,
  make: (options: Options) => Part,
): Part | undefined {
  if (given === undefined) return undefined;
  if (given === true) return make({} as Options);
  if (typeof given !== 'object' || (given as unknown) === null)
    throw new InvalidOptionError(slot, 'options or an instance', given);
  return method in given ? (given as Part) : make(given as Options);
}
