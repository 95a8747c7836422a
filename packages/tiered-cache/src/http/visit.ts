import { type Answer, answerAlone, conditionsOf, nothingCached } from './answer.ts';
import { type CacheOutcome, forwarded } from './cache-status.ts';
import type { Conditions } from './conditions.ts';
import { HandlerFailedError } from './errors.ts';
import type { HandlerResponse } from './handler-response.ts';
import type { Incoming } from './incoming.ts';
import { confirmed, type KeptResponse, keptOf } from './kept-response.ts';
import { LeadingRun } from './leading-run.ts';
import type { CacheDirectives } from './parse-cache-control.ts';
import { replayed } from './replayed.ts';
import type { ResponseLoadContext } from './response-store.ts';
import { stalenessMs, storedIn, type StoredResponse } from './stored-response.ts';
import type { Subject } from './subject.ts';
import type { Turn } from './turn.ts';
import { fits, maxVariantSteps } from './variants.ts';
import { counted, passed, type Workings } from './workings.ts';

export interface VisitOptions<R> {
  readonly workings: Workings<R>;
  readonly incoming: Incoming<R>;
  readonly subject: Subject;
  /** `'look'`: what is not stored is not made. */
  readonly purpose: 'load' | 'look';
  /** What the client wants of the cache, where that counts. */
  readonly wishes: CacheDirectives | undefined;
}

/**
 * One request on its way through the cache. The cache decides whether its handler runs: then the turn is a run, and the
 * cache waits for its response; else the turn is an answer, or a pass where there is nothing that may be given out.
 *
 * Invariants:
 * - the handler runs at most once for the client; what the cache wants made after the turn is made in the background;
 * - nothing is given out that was selected by other request headers, or is not for the one who asks;
 * - whatever the cache does, there is a turn.
 */
export class Visit<R> {
  readonly #options: VisitOptions<R>;
  readonly #conditions: Conditions;
  readonly #startedAt: number;
  readonly #turn = Promise.withResolvers<Turn>();
  #run: LeadingRun | undefined;
  #decided = false;

  constructor(options: VisitOptions<R>) {
    this.#options = options;
    this.#conditions = conditionsOf(options.incoming);
    this.#startedAt = options.workings.options.clock.epoch();
  }

  /** @throws The signal's reason, when the client has left before the cache had an answer. */
  turn(): Promise<Turn> {
    void this.#conclude();
    return this.#turn.promise;
  }

  async #conclude(): Promise<void> {
    const found = await this.#findSafely();
    if (this.#run !== undefined) return this.#run.conclude(found);
    const { signal } = this.#options.incoming;
    if (found === undefined && signal?.aborted === true) return this.#turn.reject(signal.reason);
    this.#decide(this.#turnFor(found));
  }

  #turnFor(found: StoredResponse | undefined): Turn {
    try {
      if (found !== undefined) return this.#answer(found, this.#outcome(found));
    } catch {
      // It bears our mark, and cannot be what we have stored.
      this.#options.workings.counts.errors += 1;
    }
    return this.#nothing();
  }

  #decide(turn: Turn): void {
    this.#decided = true;
    this.#turn.resolve(turn);
  }

  async #findSafely(): Promise<StoredResponse | undefined> {
    try {
      return await this.#find();
    } catch (error) {
      const expected = error instanceof HandlerFailedError || this.#options.incoming.signal?.aborted === true;
      if (!expected) this.#options.workings.counts.errors += 1;
      return undefined;
    }
  }

  /** The response that may be given out, looked for from variant to variant. */
  async #find(): Promise<StoredResponse | undefined> {
    const { workings, incoming, subject } = this.#options;
    let key: string | undefined = subject.key;
    for (let step = 0; step < maxVariantSteps && key !== undefined; step += 1) {
      const response = await this.#read(key);
      if (response === undefined) return undefined;
      if (fits(response, incoming)) return this.#mayUse(response) ? response : undefined;
      if (this.#run !== undefined) return undefined;
      key = workings.variants.keyOf(subject.key, key, response, incoming);
    }
    return undefined;
  }

  async #read(key: string): Promise<StoredResponse | undefined> {
    const { workings, incoming, subject, purpose } = this.#options;
    const { cache, terms, clock } = workings.options;
    if (purpose === 'look') return storedIn(await cache.get(key));
    // What one user's credentials bring says nothing about requests without.
    const passKey = subject.unidentified ? `${key} with credentials` : key;
    if (!workings.passes.mayTry(passKey)) return undefined;
    const load = (context: ResponseLoadContext): Promise<unknown> => this.#load(context, passKey);
    const { signal } = incoming;
    const own = signal === undefined ? terms : { ...terms, signal };
    const response = storedIn(await cache.get(key, load, own));
    if (response === undefined) return undefined;
    const { staleWhileRevalidateMs, staleIfErrorMs } = response;
    const staleMs = stalenessMs(response, clock.epoch());
    if (this.#run !== undefined) return staleMs <= staleIfErrorMs ? response : undefined;
    if (staleMs <= staleWhileRevalidateMs) return response;
    // The response allows less than the options do: now it is asked for on its own terms.
    return storedIn(await cache.get(key, load, { ...own, staleWhileRevalidateMs, staleIfErrorMs }));
  }

  #mayUse(response: StoredResponse): boolean {
    const { workings, subject, wishes } = this.#options;
    if (subject.unidentified && !response.public) return false;
    if (wishes === undefined) return true;
    if (wishes.noCache) return false;
    const now = workings.options.clock.epoch();
    const tooOld = now - response.generatedAt > (wishes.maxAgeMs ?? Infinity);
    return !tooOld && -stalenessMs(response, now) >= (wishes.minFreshMs ?? -Infinity);
  }

  /** Called by the cache when a response has to be made. */
  async #load(context: ResponseLoadContext, passKey: string): Promise<unknown> {
    const { incoming, subject } = this.#options;
    const before = storedIn(context.stale);
    const isOurs = before !== undefined && fits(before, incoming) && (before.public || !subject.unidentified);
    if (context.reason === 'refresh' && before !== undefined && !isOurs) {
      // It is for other requests, and one of those will refresh it.
      context.skip();
      return before;
    }
    const held = isOurs ? before : undefined;
    const inBackground = this.#decided || context.reason === 'refresh';
    const kept = await (inBackground
      ? this.#replay(context, held, passKey)
      : this.#runHandler(context, held, passKey));
    // What one user's credentials brought says nothing about what others get.
    if (kept === undefined && subject.unidentified) context.skip();
    if (kept === undefined) return undefined;
    context.ttl(kept.ttlMs);
    context.tags(...kept.tags);
    return kept.response;
  }

  #runHandler(
    context: ResponseLoadContext,
    held: StoredResponse | undefined,
    passKey: string,
  ): Promise<KeptResponse | undefined> {
    const { options, counts, passes } = this.#options.workings;
    const run = new LeadingRun({
      clock: options.clock,
      handoverMs: options.handoverMs,
      maxBodyBytes: options.maxBodyBytes,
      headers: forwarded(options.cacheStatus, 'miss'),
      conditions: held?.conditions ?? [],
      context,
      whole: (response) => wholeOf(response, held),
      keep: (whole) => this.#keep(whole, held, passKey),
      pass: () => passes.note(passKey),
      answer: (response, outcome) => this.#answer(response, outcome),
      answerAlone: (whole) => this.#answerAlone(whole),
    });
    counts.misses += 1;
    this.#run = run;
    this.#decide(run);
    return run.response;
  }

  async #replay(
    context: ResponseLoadContext,
    held: StoredResponse | undefined,
    passKey: string,
  ): Promise<KeptResponse | undefined> {
    const { workings, incoming, subject } = this.#options;
    const response = await replayed({ workings, incoming, subject, held, context });
    return response && this.#keep(wholeOf(response, held), held, passKey);
  }

  /** A function in the options that throws keeps the response from being stored, and nothing else. */
  #keep(whole: HandlerResponse, held: StoredResponse | undefined, passKey: string): KeptResponse | undefined {
    const { workings, incoming, subject } = this.#options;
    const { options, counts, passes } = workings;
    try {
      const kept = keptOf(whole, { incoming, subject, options, held });
      if (kept === undefined) passes.note(passKey);
      else passes.forget(passKey);
      if (kept !== undefined) counts.stored += 1;
      return kept;
    } catch {
      counts.errors += 1;
      return undefined;
    }
  }

  #answer(response: StoredResponse, outcome: CacheOutcome): Answer {
    return counted(this.#options.workings, response, this.#conditions, outcome);
  }

  #answerAlone(whole: HandlerResponse): Answer {
    const { options, counts } = this.#options.workings;
    const answer = answerAlone(whole, this.#conditions, forwarded(options.cacheStatus, 'miss'));
    if (answer.status === 304) counts.notModified += 1;
    return answer;
  }

  #outcome({ storedAt }: StoredResponse): CacheOutcome {
    return storedAt >= this.#startedAt ? 'collapsed' : 'hit';
  }

  #nothing(): Turn {
    const { workings, wishes } = this.#options;
    if (wishes?.onlyIfCached !== true) return passed(workings, wishes === undefined ? 'miss' : 'request');
    return nothingCached(forwarded(workings.options.cacheStatus, 'request'));
  }
}

/** A handler that was asked whether what is held is current, and says yes, has answered with all of it. */
function wholeOf(response: HandlerResponse, held: StoredResponse | undefined): HandlerResponse {
  return response.status === 304 && held !== undefined ? confirmed(held, response) : response;
}
