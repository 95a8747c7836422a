import type { Decision } from '../decision.ts';
import type { LimitsOptions, NameOf } from '../options.ts';
import type { HeaderFields } from './header-formats.ts';
import {
  type Checker,
  type MiddlewareOptions,
  type Refusal,
  type ResolvedMiddlewareOptions,
  resolveMiddlewareOptions,
} from './middleware-options.ts';
import { rateLimitProblem } from './problem.ts';
import { keepNote, noteOf } from './request-record.ts';

/** What a middleware has to do about a request. */
export interface Admission<Limits extends LimitsOptions> {
  readonly decision: Decision<NameOf<Limits>>;
  readonly fields: HeaderFields;
  readonly refusal: Refusal<Limits> | undefined;
}

/** Where header fields are read and written. */
export interface FieldTarget {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

/** What a route says for itself. */
export interface CallTerms<Tag extends string> {
  readonly tags?: readonly Tag[] | undefined;
  readonly cost?: number | undefined;
}

/**
 * What all middlewares do. Invariant: a limiter is asked once per request, however often it is mounted.
 */
export class RequestGuard<Call extends readonly unknown[], Limits extends LimitsOptions> {
  readonly #options: ResolvedMiddlewareOptions<Call, Limits>;

  constructor(options: MiddlewareOptions<Call, Limits>) {
    this.#options = resolveMiddlewareOptions(options);
  }

  /**
   * Asks the limiter.
   *
   * @param request - what stays the same for the whole request.
   * @returns `undefined` if there is nothing to do: the request is skipped, or was let pass before.
   */
  async admit(
    request: object,
    call: Call,
    terms?: CallTerms<string>,
  ): Promise<Admission<Limits> | undefined> {
    const { limiter, skip, subjectOf, tagsOf, costOf } = this.#options;
    const before = this.admissionOf(request);
    if (before !== undefined) return before.refusal === undefined ? undefined : before;
    if (skip?.(...call) === true) return undefined;

    const subject = await subjectOf(...call);
    const decision = await limiter.check(subject, {
      tags: (terms?.tags as ReturnType<NonNullable<typeof tagsOf>>) ?? tagsOf?.(...call),
      cost: terms?.cost ?? costOf?.(...call),
    });
    const problem = rateLimitProblem(decision);
    const fields = this.#told(this.#options.emitter.fieldsOf(decision, subject));
    const refusal = problem === undefined ? undefined : { decision, problem };
    const admission = { decision, fields, refusal };
    keepNote(request, limiter, admission);
    return admission;
  }

  /** Adds the fields to those of other limiters, and makes a refusal one that no cache keeps. */
  write({ fields, refusal }: Admission<Limits>, target: FieldTarget): void {
    for (const name in fields) {
      const value = fields[name] as string;
      const existing = this.#options.emitter.isList(name) ? target.get(name) : undefined;
      target.set(name, existing === undefined ? value : `${existing}, ${value}`);
    }
    if (refusal !== undefined) target.set('Cache-Control', 'no-store');
  }

  /** Whether {@link answered} has something to do. */
  get settles(): boolean {
    return this.#options.countWhen !== undefined;
  }

  /** Gives back what a request cost whose response does not count. */
  answered({ decision }: Admission<Limits>, status: number): void {
    if (this.#options.countWhen?.(status) === false) void decision.refund();
  }

  /** What was decided about a request before, if it was. */
  admissionOf(request: object): Admission<Limits> | undefined {
    return noteOf(request, this.#options.limiter) as Admission<Limits> | undefined;
  }

  #told(fields: HeaderFields): HeaderFields {
    if (this.#options.telling === 'all') return fields;
    const { 'Retry-After': retryAfter } = fields;
    return retryAfter === undefined ? {} : { 'Retry-After': retryAfter };
  }
}

/**
 * What a limiter decided about a request that passed a middleware; `undefined` if it was not asked. For `settle` with a cost
 * that is known only afterwards.
 *
 * @param request - as the middleware got it; of Fastify, its `raw` one.
 */
export function decisionOn<Limits extends LimitsOptions>(
  request: object,
  limiter: Checker<Limits>,
): Decision<NameOf<Limits>> | undefined {
  return (noteOf(request, limiter) as Admission<Limits> | undefined)?.decision;
}
