import type { Answer } from './answer.ts';
import type { HandlerResponse, HeaderPair } from './handler-response.ts';

/** What is to happen to a request: it is answered, or its handler runs, watched or unwatched. */
export type Turn = Answer | HandlerRun | Pass;

/** The handler runs as if there were no cache. */
export interface Pass {
  readonly kind: 'pass';
  /** Headers that the answer gets beside its own. */
  readonly headers: readonly HeaderPair[];
}

/**
 * The handler runs, and others may wait for it. Whoever runs it calls exactly one of `settle`, `pass` and `fail`.
 *
 * An answer that comes back takes the place of what the handler made; `undefined` leaves that as it is.
 */
export interface HandlerRun {
  readonly kind: 'run';
  /** Headers that the answer gets beside its own. */
  readonly headers: readonly HeaderPair[];
  /**
   * What takes the place of the client's `If-None-Match` and `If-Modified-Since` while the handler runs: it is asked about
   * what is held, not about what the client has.
   */
  readonly conditions: readonly HeaderPair[];
  /** Longest body that is worth holding back, in bytes. */
  readonly maxBodyBytes: number;
  /** Aborts when nobody wants the response any longer. */
  readonly signal: AbortSignal;
  /** The response is complete. The promise is only for a failure, while a stale response is looked for. */
  settle(response: HandlerResponse): Answer | undefined | Promise<Answer | undefined>;
  /** The response is a stream or too long, and on its way. */
  pass(): void;
  /** The handler threw. */
  fail(error: unknown): Promise<Answer | undefined>;
  /** The client has left; the handler may never answer. */
  leave(): void;
}
