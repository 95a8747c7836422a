import type { Answer } from './answer.ts';

/** What is to happen to a request. */
export type Turn =
  /** Its handler runs as if nothing were there. */
  | { readonly kind: 'pass' }
  /** Its handler does not run. */
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** Its client has left while it waited. */
  | { readonly kind: 'gone' }
  | HandlerRun;

/** The handler runs, and others may wait for what it answers. Whoever runs it calls `settle` once. */
export interface HandlerRun {
  readonly kind: 'run';
  /** Longest body that is worth keeping, in bytes. */
  readonly maxBodyBytes: number;
  /** Whether to wait for the end of a response that does not say how long it is. */
  readonly takesStreams: boolean;
  /**
   * The response is complete, or `undefined`: it is a stream, or too long. If it gives a promise, the client gets the end
   * of the response after that.
   *
   * @param status - What the handler said, also in an answer that cannot be kept; that of `answer`, unless given.
   */
  settle(answer: Answer | undefined, status?: number): void | Promise<void>;
  /** The client has left before the response was complete; the handler may never answer. */
  leave(): void;
}
