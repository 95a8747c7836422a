/** One request as an adapter sees it. */
export interface Incoming<R> {
  readonly request: R;
  readonly method: string;
  /** As the client named it. */
  readonly host: string;
  /** Path and query. */
  readonly target: string;
  /** The value of a header, its lines joined. @param name - In lower case. */
  header(name: string): string | undefined;
  /** Whether the request has a body, read or not. */
  readonly hasBody: boolean;
  /** The body as a parser has made it; `undefined` if none has. */
  readonly body: unknown;
  /** Aborts when the client has left. */
  readonly signal: AbortSignal;
}
