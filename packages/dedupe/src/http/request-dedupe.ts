import type { EventSource } from '@holdfast/core';

import { Dedupe } from '../dedupe.ts';
import type { DedupeEvent } from '../events.ts';
import { keyOf } from '../key-of.ts';
import type { Answer } from './answer.ts';
import type { Claim } from './answer-store.ts';
import { bodyDigest } from './body-digest.ts';
import { BodyNotReadError, HandlerSilentError } from './errors.ts';
import { parseIdempotencyKey } from './idempotency-key.ts';
import type { Incoming } from './incoming.ts';
import {
  type RequestDedupeOptions,
  type ResolvedIdempotency,
  type ResolvedRequestOptions,
  resolveOptions,
} from './options.ts';
import { type Problem, problemAnswer } from './problem.ts';
import { type SharedAnswer, SharedRun, suits } from './shared-run.ts';
import { SingleExecution } from './single-execution.ts';
import type { RequestDedupeStatistics } from './statistics.ts';
import type { Turn } from './turn.ts';

const shared: ReadonlySet<string> = new Set(['GET', 'HEAD', 'QUERY']);
const safe: ReadonlySet<string> = new Set([...shared, 'OPTIONS', 'TRACE']);
/** Those that may do something twice when they come twice, whatever they do. @see RFC 9110 section 9.2.2 */
const notIdempotent: ReadonlySet<string> = new Set(['POST', 'PATCH']);

/** Tells that an answer is not a new one. */
const replayedHeader = ['idempotency-replayed', 'true'] as const;

/**
 * Lets identical requests under way share one answer, and answers requests that come again with their idempotency key.
 * For `expressDedupe` and `fastifyDedupe`.
 *
 * Invariants:
 * - requests of different identities share nothing;
 * - of an unsafe request without an idempotency key, the handler runs;
 * - of unsafe requests with one identity and key, at most one handler runs while the store holds the key.
 */
export class RequestDedupe<R> {
  readonly #options: ResolvedRequestOptions<R>;
  readonly #dedupe: Dedupe;
  readonly #idempotency = { executed: 0, replayed: 0, refused: 0, storeErrors: 0 };

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: RequestDedupeOptions<R>) {
    this.#options = resolveOptions(options);
    const { name, maxAgeMs, maxFlights, maxWaiters, clock } = this.#options;
    this.#dedupe = new Dedupe({ name, maxAgeMs, maxFlights, maxWaiters, clock });
  }

  get name(): string {
    return this.#options.name;
  }

  get events(): EventSource<DedupeEvent> {
    return this.#dedupe.events;
  }

  statistics(): RequestDedupeStatistics {
    return { ...this.#dedupe.statistics(), idempotency: { ...this.#idempotency } };
  }

  /** What is to happen to a request. */
  begin(incoming: Incoming<R>): Turn | Promise<Turn> {
    const { identity } = this.#options;
    if (shared.has(incoming.method)) {
      const who = identity(incoming.request);
      if (who === undefined) return { kind: 'pass' };
      const digest = bodyDigest(incoming);
      return digest === undefined ? { kind: 'pass' } : this.#share(incoming, who, digest);
    }
    const { idempotency } = this.#options;
    if (safe.has(incoming.method) || idempotency === undefined) return { kind: 'pass' };
    const field = incoming.header('idempotency-key');
    if (field === undefined) {
      const isMissing = notIdempotent.has(incoming.method) && idempotency.required(incoming.request);
      return isMissing ? this.#refuse('missing') : { kind: 'pass' };
    }
    const key = parseIdempotencyKey(field, idempotency.maxKeyLength);
    if (key === undefined) return this.#refuse('malformed');
    const who = identity(incoming.request);
    return who === undefined ? { kind: 'pass' } : this.#once(incoming, idempotency, keyOf(who, key));
  }

  #share(incoming: Incoming<R>, who: string, digest: string): Turn | Promise<Turn> {
    const { vary, maxBodyBytes, handoverMs, clock } = this.#options;
    const { method, host, target, signal } = incoming;
    const selectors = vary.map((name) => incoming.header(name));
    const led: { run?: SharedRun } = {};
    const outcome = this.#dedupe.run(
      keyOf('request', who, method, host, target, digest, ...selectors),
      () => (led.run = new SharedRun({ incoming, maxBodyBytes, handoverMs, clock })).outcome,
      { signal },
    );
    if (led.run === undefined)
      return this.#follow(outcome, incoming, () => this.#share(incoming, who, digest));
    outcome.catch(() => undefined);
    return led.run;
  }

  async #follow(
    outcome: Promise<SharedAnswer | undefined>,
    incoming: Incoming<R>,
    again: () => Turn | Promise<Turn>,
  ): Promise<Turn> {
    try {
      const found = await outcome;
      return found !== undefined && suits(found, incoming)
        ? { kind: 'answer', answer: found.answer }
        : { kind: 'pass' };
    } catch (error) {
      if (incoming.signal.aborted) return { kind: 'gone' };
      if (error instanceof HandlerSilentError) return again();
      throw error;
    }
  }

  async #once(incoming: Incoming<R>, idempotency: ResolvedIdempotency<R>, key: string): Promise<Turn> {
    const { store, lockMs, ttlMs } = idempotency;
    const fingerprint = fingerprintOf(incoming, idempotency);
    let claim: Claim;
    try {
      claim = await store.claim({ key, fingerprint, lockMs });
    } catch {
      this.#idempotency.storeErrors += 1;
      return this.#refuse('unavailable');
    }
    if (claim.kind === 'full') return this.#refuse('unavailable');
    if (claim.kind !== 'claimed') {
      if (claim.fingerprint !== fingerprint) return this.#refuse('reused');
      if (claim.kind === 'running') return this.#wait(incoming, idempotency, key);
      return claim.answer === undefined ? this.#refuse('not-kept') : this.#replay(claim.answer);
    }
    const { maxBodyBytes } = this.#options;
    const onStoreError = (): void => void (this.#idempotency.storeErrors += 1);
    const { token } = claim;
    const run = new SingleExecution({ store, key, fingerprint, token, ttlMs, maxBodyBytes, onStoreError });
    this.#idempotency.executed += 1;
    if (idempotency.concurrent === 'join') {
      // Of a request that has lost the key since, whose handler has not answered.
      this.#dedupe.forget(keyOf('key', key));
      void this.#dedupe.run(keyOf('key', key), () => run.outcome);
    }
    return run;
  }

  /** For the answer to the first request with the key, where that is allowed and the request is in this process. */
  async #wait(incoming: Incoming<R>, { concurrent }: ResolvedIdempotency<R>, key: string): Promise<Turn> {
    if (concurrent === 'conflict') return this.#refuse('outstanding');
    const { signal } = incoming;
    const outcome = await this.#dedupe.tryRun(keyOf('key', key), nothing, { signal });
    if (outcome.status === 'rejected') return { kind: 'gone' };
    return outcome.value === undefined ? this.#refuse('outstanding') : this.#replay(outcome.value);
  }

  #replay({ status, headers, body }: Answer): Turn {
    this.#idempotency.replayed += 1;
    return { kind: 'answer', answer: { status, headers: [...headers, replayedHeader], body } };
  }

  #refuse(problem: Problem): Turn {
    this.#idempotency.refused += 1;
    const documentation = this.#options.idempotency?.documentation;
    return { kind: 'answer', answer: problemAnswer(problem, documentation) };
  }
}

/** The answer of a request that is under way in another process, or over by now. */
const nothing = (): Answer | undefined => undefined;

/** What a request asks for, whatever its key. */
function fingerprintOf<R>(incoming: Incoming<R>, { fingerprint }: ResolvedIdempotency<R>): string {
  const { method, host, target, request } = incoming;
  const body = fingerprint === undefined ? bodyDigest(incoming) : fingerprint(request);
  if (body === undefined) throw new BodyNotReadError();
  return keyOf(method, host, target, body);
}
