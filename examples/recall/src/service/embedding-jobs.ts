import { type IJobQueue, type JobContext, Worker } from '@holdfast/jobs';
import type { Logger } from 'pino';
import type { Embeddings } from '../domain/embeddings.ts';
import { type UserId, userId } from '../domain/user-id.ts';

interface EmbeddingJobsOptions {
  readonly queue: IJobQueue;
  /** Asks the remote model; `undefined` if there is none. */
  readonly embeddings: Pick<Embeddings, 'embedPending'> | undefined;
  readonly log: Pick<Logger, 'error'>;
}

/** How many items one request to the model carries. */
const batch = 64;
const jobType = 'embed-items';

/** With pauses of up to half an hour: as long as a model may be away. */
const maxAttempts = 1_000;

/** How long a batch under way may go on when the service stops, in milliseconds. It is done again otherwise. */
const graceMs = 1_000;

interface Payload {
  readonly user: string;
}

/**
 * Has vectors made of what users write, behind their backs. Until then, search ranks with the local ones.
 *
 * Invariant: of each user there is at most one job of this process that has not begun, however often it is asked for.
 */
export class EmbeddingJobs implements AsyncDisposable {
  readonly queue: IJobQueue;
  readonly #options: EmbeddingJobsOptions;
  readonly #worker: Worker | undefined;
  /** Whose job has yet to look at what they wrote. */
  readonly #waiting = new Set<UserId>();

  constructor(options: EmbeddingJobsOptions) {
    const { queue, embeddings, log } = options;
    this.#options = options;
    this.queue = queue;
    if (embeddings === undefined) return;
    const run = (payload: Payload, context: JobContext): Promise<void> =>
      this.#embedAll(embeddings, userId(payload.user), context);
    this.#worker = new Worker(queue, { [jobType]: run }, { name: 'embedding', graceMs, killAfterMs: 1_000 });
    this.#worker.events.subscribe((event) => {
      if (event.type === 'errored') log.error({ err: event.error }, 'the job queue failed');
    });
    this.#worker.start();
  }

  /** Never rejects: a write is not undone because its vectors come later. */
  async request(user: UserId): Promise<void> {
    const { embeddings, queue, log } = this.#options;
    if (embeddings === undefined || this.#waiting.has(user)) return;
    this.#waiting.add(user);
    try {
      await queue.enqueue({ type: jobType, payload: { user }, priority: 'low', maxAttempts });
    } catch (error) {
      this.#waiting.delete(user);
      log.error({ err: error }, 'vectors could not be asked for');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.[Symbol.asyncDispose]();
  }

  async #embedAll(
    embeddings: Pick<Embeddings, 'embedPending'>,
    user: UserId,
    { signal, attempt }: JobContext,
  ): Promise<void> {
    // From here on, what is written may be missed.
    this.#waiting.delete(user);
    try {
      let done = batch;
      while (done === batch) done = await embeddings.embedPending(user, batch, { signal });
    } catch (error) {
      // The next attempt sees what is written until then.
      if (attempt + 1 < maxAttempts) this.#waiting.add(user);
      throw error;
    }
  }
}
