import type { HandlerResponse, HeaderPair } from './handler-response.ts';

/** One request as the cache sees it, whatever framework brought it. */
export interface Incoming<R> {
  /** The framework's own, for the functions of the options. */
  readonly request: R;
  readonly method: string;
  /** Scheme and host as the handler sees them, proxies that are trusted included. */
  readonly origin: string;
  /** Path and query, as received. */
  readonly target: string;
  /** Aborts when the client has left. */
  readonly signal?: AbortSignal | undefined;
  /** The value of a field, its lines joined. @param name - In lower case. */
  header(name: string): string | undefined;
  /**
   * Runs the handler again with nobody listening. Brings its response, or `undefined` if that is a stream or too long.
   */
  replay(order: ReplayOrder<R>): Promise<HandlerResponse | undefined>;
}

export interface ReplayOrder<R> {
  /** Request headers that ask the handler whether what is held is still current. */
  readonly conditions: readonly HeaderPair[];
  /** Longest body that is worth holding back, in bytes. */
  readonly maxBodyBytes: number;
  /** Aborts when nobody wants the response any longer. */
  readonly signal: AbortSignal;
  /** Whether a request, seen again, is still for the same response: a user may have been logged out meanwhile. */
  isSame(incoming: Incoming<R>): boolean;
}
