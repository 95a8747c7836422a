import {
  cancellationOf,
  DeadlineExceededError,
  EventHub,
  type EventSource,
  type ExecuteOptions,
  Execution,
  type Operation,
  type OperationContext,
  throwIfCancelled,
} from '@holdfast/core';

import type { FallbackEvent } from './events.ts';
import { type FallbackOptions, resolveFallbackOptions, type ResolvedFallbackOptions } from './options.ts';
import type { FallbackStatistics } from './statistics.ts';

/**
 * Answers in the place of an operation that failed.
 *
 * Invariants:
 * - the answers are tried in their order until one does not throw, as long as somebody waits and time is left;
 * - a call that nothing answers fails with what the last answer threw, and that error, if it has no `cause` of its own,
 *   gets what the operation threw as its `cause`;
 * - at most `maxConcurrent` calls are being answered, so that an outage does not overload what stands in; the others fail
 *   with what their operation threw.
 */
export class Fallback<Fallen> {
  readonly #options: ResolvedFallbackOptions<Fallen>;
  readonly #hub = new EventHub<FallbackEvent>();
  readonly #calls = { answered: 0, failed: 0, refused: 0 };
  #running = 0;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: FallbackOptions<Fallen>) {
    this.#options = resolveFallbackOptions(options);
  }

  get name(): string {
    return this.#options.name;
  }

  get events(): EventSource<FallbackEvent> {
    return this.#hub;
  }

  /**
   * Runs `operation`, and answers if it fails. A caller that left meanwhile gets no answer.
   *
   * @throws What the operation throws, if that is not to be answered; else what the last answer throws.
   * @throws The signal's reason, if it was aborted before the start.
   * @throws {DeadlineExceededError} if the deadline had passed before the start.
   */
  async execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T | Fallen> {
    throwIfCancelled(options);
    if (options?.deadlineMs === 0) throw new DeadlineExceededError(this.name);
    const execution = options instanceof Execution ? options : new Execution(options, this.#options.clock);
    try {
      return await execution.start(operation);
    } catch (error) {
      throwIfCancelled(execution);
      return this.answer(error, execution);
    }
  }

  /**
   * The answer to a call that failed with `error`.
   *
   * @throws `error`, if it is not to be answered, or if as many as allowed are being answered.
   * @throws What the last answer throws.
   */
  async answer(error: unknown, context: OperationContext): Promise<Fallen> {
    const { name: policy, handles, maxConcurrent } = this.#options;
    if (!handles(error)) throw error;
    if (this.#running >= maxConcurrent) {
      this.#calls.refused += 1;
      if (this.#hub.observed) this.#hub.emit({ type: 'refused', policy, error });
      throw error;
    }
    this.#running += 1;
    try {
      const answer = await this.#firstAnswer(error, context);
      this.#calls.answered += 1;
      return answer;
    } catch (last) {
      this.#calls.failed += 1;
      throw causedBy(last, error);
    } finally {
      this.#running -= 1;
    }
  }

  statistics(): FallbackStatistics {
    return { component: 'fallback', calls: { ...this.#calls }, running: this.#running };
  }

  async #firstAnswer(error: unknown, context: OperationContext): Promise<Fallen> {
    const { name: policy, answers } = this.#options;
    let last: unknown;
    for (const [source, answer] of answers.entries()) {
      try {
        const value = await answer(error, context);
        if (this.#hub.observed) this.#hub.emit({ type: 'answered', policy, error, source });
        return value;
      } catch (thrown) {
        last = thrown;
        if (context.remainingMs() === 0 || cancellationOf(context)?.cancelled === true) break;
      }
    }
    throw last;
  }
}

/** Where nothing else is said, an answer failed because there was something to answer. */
function causedBy(thrown: unknown, original: unknown): unknown {
  if (!(thrown instanceof Error) || thrown === original || 'cause' in thrown || !Object.isExtensible(thrown))
    return thrown;
  Object.defineProperty(thrown, 'cause', { value: original, configurable: true, writable: true });
  return thrown;
}
