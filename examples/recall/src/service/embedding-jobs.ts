import { type IJobQueue, Worker } from '@holdfast/jobs';
import type { Logger } from 'pino';
import type { Recall } from '../domain/recall.ts';
import { type UserId, userId } from '../domain/user-id.ts';

interface EmbeddingJobsOptions {
  readonly queue: IJobQueue;
  readonly recall: Recall;
  readonly log: Logger;
  /** Whether there is a remote model at all. */
  readonly enabled: boolean;
}

interface Payload {
  readonly user: string;
}

/** How many items one request to the model carries. */
const batch = 64;
const jobType = 'embed-items';

/** Has vectors made of what users write, behind their backs. Until then, search ranks with the local ones. */
export class EmbeddingJobs implements AsyncDisposable {
  readonly queue: IJobQueue;
  readonly #options: EmbeddingJobsOptions;
  readonly #worker: Worker;

  constructor(options: EmbeddingJobsOptions) {
    const { queue, recall } = options;
    this.#options = options;
    this.queue = queue;
    this.#worker = new Worker(queue, {
      [jobType]: ({ user }: Payload, { signal }) => embedAll(recall, userId(user), signal),
    });
  }

  /** Works off what was asked for, also before a crash. */
  start(): void {
    this.#worker.start();
  }

  /** Never rejects: a write is not undone because its vectors come later. */
  async request(user: UserId): Promise<void> {
    const { enabled, queue, log } = this.#options;
    if (!enabled) return;
    try {
      await queue.enqueue({
        type: jobType,
        payload: { user } satisfies Payload,
        priority: 'low',
        maxAttempts: 20,
      });
    } catch (error) {
      log.error({ error }, 'vectors could not be asked for');
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#worker[Symbol.asyncDispose]();
  }
}

async function embedAll(recall: Recall, user: UserId, signal: AbortSignal): Promise<void> {
  let done = batch;
  while (done === batch) done = await recall.embeddings.embedPending(user, batch, { signal });
}
