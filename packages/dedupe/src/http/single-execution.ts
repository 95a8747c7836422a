import type { Answer } from './answer.ts';
import type { AnswerStore } from './answer-store.ts';
import type { HandlerRun } from './turn.ts';

export interface SingleExecutionOptions {
  readonly store: AnswerStore;
  readonly key: string;
  readonly fingerprint: string;
  readonly token: string;
  readonly ttlMs: number;
  readonly maxBodyBytes: number;
  /** The store failed: what became of the request is not known to others. */
  readonly onStoreError: () => void;
}

/** Too Early, Too Many Requests, Service Unavailable: nothing was done, and the same request may come again. */
const comeAgain: ReadonlySet<number> = new Set([425, 429, 503]);

/** One use of the client: it is set in the response, and not in its replays. */
const notReplayed: ReadonlySet<string> = new Set(['set-cookie']);

/**
 * The one run of a handler for an idempotency key. It goes on without its client, who may come again for the answer. The
 * client gets the end of the response when its answer is kept: a client that has seen it can count on that.
 */
export class SingleExecution implements HandlerRun {
  readonly kind = 'run';
  readonly takesStreams = true;
  readonly #options: SingleExecutionOptions;
  readonly #outcome = Promise.withResolvers<Answer | undefined>();

  constructor(options: SingleExecutionOptions) {
    this.#options = options;
  }

  get maxBodyBytes(): number {
    return this.#options.maxBodyBytes;
  }

  /** `undefined`: there is no answer that others may have. Never rejects. */
  get outcome(): Promise<Answer | undefined> {
    return this.#outcome.promise;
  }

  async settle(answer: Answer | undefined, status: number | undefined = answer?.status): Promise<void> {
    const { store, key, fingerprint, token, ttlMs, onStoreError } = this.#options;
    const kept = answer && replayable(answer);
    try {
      if (status !== undefined && comeAgain.has(status)) await store.release(key, token);
      else await store.complete({ key, fingerprint, token, answer: kept, ttlMs });
    } catch {
      onStoreError();
    }
    this.#outcome.resolve(kept);
  }

  /** The key stays claimed until the handler answers, or the claim has run out. */
  leave(): void {}
}

function replayable({ status, headers, body }: Answer): Answer {
  return { status, headers: headers.filter(([name]) => !notReplayed.has(name)), body };
}
