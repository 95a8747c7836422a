import { HoldfastError, type OperationContext } from '@holdfast/core';
import { type KeyPart, keyOf } from '@holdfast/dedupe';
import type { TieredCache } from '@holdfast/tiered-cache';
import type { UserId } from '../domain/user-id.ts';
import type { Caches } from './caching.ts';

/** What an answer lacks, if something it is made of could not be had. */
interface Answer {
  readonly degraded: readonly string[];
}

/** Carries an answer past the cache that must not be kept, because it is worse than the one of a minute ago. */
class LesserAnswer extends HoldfastError {
  override readonly name = 'LesserAnswer';
  readonly code = 'ERR_LESSER_ANSWER';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`the answer lacks ${answer.degraded.join(', ')}`);
    this.answer = answer;
  }
}

/** Works a value out. Several calls may wait for it, so it is told a context of its own. */
type Load<T> = (context: OperationContext) => Promise<T>;

/**
 * Answers derived from a user's items. Each key holds the revision of the items that the answer was made from, so a change
 * of the items makes every older answer unreachable at once, in all tiers, without anybody having to find it.
 */
export class AnswerCache {
  readonly #answers: TieredCache;
  readonly #revisions: TieredCache<string>;
  readonly #revisionOf: (user: UserId, context: OperationContext) => Promise<string>;

  /** @param revisionOf - Reads the present revision of a user's items. */
  constructor(
    { answers, revisions }: Caches,
    revisionOf: (user: UserId, context: OperationContext) => Promise<string>,
  ) {
    this.#answers = answers;
    this.#revisions = revisions;
    this.#revisionOf = revisionOf;
  }

  /**
   * The answer from the cache, else from `load`. One that lacks what the remote model would have added is not kept: a
   * complete older one stands in for it as long as the cache allows, and only without one is the lesser answer given.
   */
  async answer<T extends Answer>(
    user: UserId,
    parts: readonly KeyPart[],
    load: Load<T>,
    context: OperationContext,
  ): Promise<T> {
    const complete = async (own: OperationContext): Promise<T> => {
      const answer = await load(own);
      if (answer.degraded.includes('embedding')) throw new LesserAnswer(answer);
      return answer;
    };
    try {
      return await this.value(user, parts, complete, context);
    } catch (error) {
      // Whoever shared the load asked the same question, so its answer is of the type that was asked for.
      if (error instanceof LesserAnswer) return error.answer as T;
      throw error;
    }
  }

  /** A value that is whole or fails: from the cache, else from `load`. */
  async value<T>(
    user: UserId,
    parts: readonly KeyPart[],
    load: Load<T>,
    { signal }: OperationContext,
  ): Promise<T> {
    const revision = await this.#revision(user, signal);
    return this.#answers.get(keyOf('answer', user, revision, ...parts), load, { signal });
  }

  /** To be called after every change of the user's items: what is read next in this process is new. */
  async changed(user: UserId): Promise<void> {
    await this.#revisions.delete(user);
  }

  #revision(user: UserId, signal: AbortSignal): Promise<string> {
    return this.#revisions.get(user, (own) => this.#revisionOf(user, own), { signal });
  }
}
