import { HoldfastError } from '@holdfast/core';

interface EmbeddingFailure {
  readonly model: string;
  readonly problem: string;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The embedding service could not be reached, refused, or answered with something else than vectors. */
export class EmbeddingFailedError extends HoldfastError {
  override readonly name = 'EmbeddingFailedError';
  readonly code = 'ERR_EMBEDDING_FAILED';
  readonly model: string;
  /** The status of the answer; `undefined` if there was none. */
  readonly status: number | undefined;

  constructor({ model, problem, status, retryAfterMs, cause }: EmbeddingFailure) {
    super(`${model} ${problem}`, { retryAfterMs, cause });
    this.model = model;
    this.status = status;
  }
}
