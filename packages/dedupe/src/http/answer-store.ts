import type { Answer } from './answer.ts';

/** What is known of an idempotency key. */
export type Claim =
  /** The key was free, and is now claimed by this request alone. The token proves it. */
  | { readonly kind: 'claimed'; readonly token: string }
  /** Another request has claimed it and is not done. */
  | { readonly kind: 'running'; readonly fingerprint: string }
  /** It was answered; `answer` is absent if the answer could not be kept. */
  | { readonly kind: 'answered'; readonly fingerprint: string; readonly answer: Answer | undefined }
  /** The store has no room. */
  | { readonly kind: 'full' };

export interface ClaimRequest {
  readonly key: string;
  /** Stands for what was asked. */
  readonly fingerprint: string;
  /** How long the claim holds without an answer, in milliseconds. */
  readonly lockMs: number;
}

export interface Completion {
  readonly key: string;
  readonly fingerprint: string;
  readonly token: string;
  /** `undefined`: it was answered, but the answer cannot be kept. */
  readonly answer: Answer | undefined;
  /** How long the answer replays, in milliseconds. */
  readonly ttlMs: number;
}

/**
 * Where the answers to requests with idempotency keys are kept. Of any number of requests that claim a key at once, in
 * whatever process, exactly one gets it.
 */
export interface AnswerStore {
  claim(request: ClaimRequest): Claim | Promise<Claim>;
  /** Keeps the answer, also if the claim has run out, unless another request holds the key. */
  complete(completion: Completion): void | Promise<void>;
  /** Gives the key back unanswered, unless another request holds it. */
  release(key: string, token: string): void | Promise<void>;
}
