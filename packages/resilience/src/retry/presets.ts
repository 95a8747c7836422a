import type { RetryOptions } from './options.ts';

/** Ready-made options of a `Retry`, to be spread: `new Retry({ ...retryPresets.patient, budget })`. */
export const retryPresets: {
  /** Three retries after about 1, 2 and 4 seconds: for work in the background that may take its time. */
  readonly patient: RetryOptions;
} = {
  patient: { maxRetries: 3, backoff: { initialMs: 1_000, factor: 2, maxMs: 4_000, jitter: 'equal' } },
};
