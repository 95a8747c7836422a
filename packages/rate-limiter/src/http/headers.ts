import { keyedDigest } from '../identity/hash-subject.ts';
import { globalScope } from '../store.ts';
import { type HeaderFields, headerFormats, type HeaderWriter, type ToldLimit } from './header-formats.ts';
import {
  type RateLimitHeaderOptions,
  type ResolvedHeaderOptions,
  resolveHeaderOptions,
} from './header-options.ts';
import { retryAfterSeconds } from './retry-after.ts';
import { subjectIn, type ToldDecision, type ToldState, type ToldSubject } from './told-decision.ts';

const nearRatio = 0.2;
const partitionKeyBytes = 9;

/**
 * Writes the header fields for decisions.
 *
 * Invariants:
 * - A client that spends what is left over the time told never goes faster than its policy allows.
 * - `Retry-After` is a whole number of at least 1, never earlier than a time told, and absent where no wait helps.
 * - Shadow limits are never told. Of limits that everybody shares at most the policy is.
 * - A local decision tells no rest: its numbers are not those of the whole service.
 */
export class HeaderEmitter {
  readonly #options: ResolvedHeaderOptions;
  readonly #writer: HeaderWriter;

  constructor(options: RateLimitHeaderOptions = {}) {
    this.#options = resolveHeaderOptions(options);
    this.#writer = headerFormats[this.#options.format];
  }

  /** @param subject - who called; spreads `Retry-After` and makes the partition key. */
  fieldsOf(decision: ToldDecision, subject: ToldSubject | undefined): HeaderFields {
    const fields: HeaderFields = {};
    const { allowed, source, impossible } = decision;
    const told: ToldLimit[] = [];
    const shared: ToldLimit[] = [];
    let disclosed = false;
    for (const [name, state] of Object.entries(decision.limits) as [string, ToldState][]) {
      if (state.shadow) continue;
      if (state.by === globalScope) shared.push(toldLimit(name, state));
      else told.push(toldLimit(name, state, this.#partitionKey(state.by, subject)));
      disclosed ||= this.#options.discloseTo.includes(state.by);
    }

    const quotas = source === 'local' ? [] : this.#quotasOf(told, decision);
    if (!allowed || this.#options.send === 'always' || told.some(isNear)) {
      const policies = disclosed ? [...told, ...shared] : told;
      if (policies.length > 0) this.#writer.policies(fields, policies);
      if (quotas.length > 0) this.#writer.quotas(fields, quotas, this.#options.clock.epoch());
    }
    if (!allowed && !impossible) {
      const epochMs = this.#options.clock.epoch();
      fields['Retry-After'] = String(retryAfterSeconds(decision, latestOf(quotas), subject, epochMs));
    }
    return fields;
  }

  /** Whether a field is a list, to which the fields of a second limiter are added. */
  isList(name: string): boolean {
    return this.#writer.lists.includes(name);
  }

  /** After a refusal those that refused and those used up; else by choice. */
  #quotasOf(told: readonly ToldLimit[], { allowed, violated }: ToldDecision): readonly ToldLimit[] {
    if (!allowed) {
      const refusing = told.filter(({ name, remaining }) => remaining === 0 || violated.includes(name));
      return this.#inOrder(refusing, longestSpan(refusing.filter(({ name }) => violated.includes(name))));
    }
    const binding = scarcest(told);
    if (this.#options.quotas === 'all') return this.#inOrder(told, binding);
    return this.#inOrder(
      told.filter((each) => each === binding || each.remaining === 0),
      binding,
    );
  }

  /** Fields of several limits keep the order of the limits; those of one tell the first. */
  #inOrder(told: readonly ToldLimit[], first: ToldLimit | undefined): readonly ToldLimit[] {
    if (this.isList('RateLimit') || first === undefined) return told;
    return [first];
  }

  #partitionKey(scope: string, subject: ToldSubject | undefined): Uint8Array | undefined {
    const { partitionSecret } = this.#options;
    const own = subjectIn(subject, scope);
    if (partitionSecret === undefined || own === undefined) return undefined;
    return keyedDigest(`${scope}\n${own}`, partitionSecret, partitionKeyBytes);
  }
}

/**
 * The header fields for one decision, which limits apply, what is left of them, and
 * `Retry-After` if the call was refused.
 *
 * @param options - `subject`: who called, as `check` was told; spreads `Retry-After` by up to a quarter and at most 5 s.
 * @throws {InvalidOptionError} on a wrong option.
 * @throws {TypeError} on a limit whose name no field can hold.
 * @see draft-ietf-httpapi-ratelimit-headers-11 (2026), RFC 9651, RFC 9110 section 10.2.3
 */
export function rateLimitHeaders(
  decision: ToldDecision,
  options: RateLimitHeaderOptions & { readonly subject?: ToldSubject | undefined } = {},
): HeaderFields {
  return new HeaderEmitter(options).fieldsOf(decision, options.subject);
}

function toldLimit(name: string, state: ToldState, partitionKey?: Uint8Array): ToldLimit {
  const { limit, remaining, retryAfterMs } = state;
  // Whole seconds are all that a field can tell; rounding up promises no more than the limit.
  const windowSeconds = Math.ceil(state.windowMs / 1_000);
  const spanSeconds =
    remaining === 0 ? Math.ceil(retryAfterMs / 1_000) : Math.ceil((remaining * windowSeconds) / limit);
  return { name, limit, windowSeconds, capacity: state.burst, remaining, spanSeconds, partitionKey };
}

function isNear({ remaining, capacity }: ToldLimit): boolean {
  return remaining < capacity * nearRatio;
}

/** The limit with the least of its quota left; of several that are used up, the one with the longest wait. */
function scarcest(told: readonly ToldLimit[]): ToldLimit | undefined {
  let least: ToldLimit | undefined;
  for (const each of told) if (least === undefined || isScarcer(each, least)) least = each;
  return least;
}

function isScarcer(one: ToldLimit, other: ToldLimit): boolean {
  const difference = one.remaining * other.capacity - other.remaining * one.capacity;
  return difference < 0 || (difference === 0 && one.spanSeconds > other.spanSeconds);
}

/** The latest time that is told, in seconds from now. */
function latestOf(told: readonly ToldLimit[]): number {
  let latest = 0;
  for (const { spanSeconds } of told) if (spanSeconds !== Infinity) latest = Math.max(latest, spanSeconds);
  return latest;
}

function longestSpan(told: readonly ToldLimit[]): ToldLimit | undefined {
  let longest: ToldLimit | undefined;
  for (const each of told)
    if (longest === undefined || each.spanSeconds > longest.spanSeconds) longest = each;
  return longest;
}
