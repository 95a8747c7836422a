export interface StartOptions {
  /** Whether the server comes back with the files that it had. Each server names its default. */
  readonly data?: 'kept' | 'empty' | undefined;
}

/** A server that a test may use and, if it is controllable, break. It keeps its port over any number of starts. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** `false` for a server given by address, which others use as well: the methods below then throw. */
  readonly controllable: boolean;
  /** Resolves once the server answers. Does nothing if it runs. */
  start(options?: StartOptions): Promise<void>;
  /** Ends it in good order; clients see their connections closed. */
  stop(): Promise<void>;
  /** Ends it as a crash would (SIGKILL). */
  kill(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open, new ones are accepted by the kernel, nothing is answered. */
  pause(): Promise<void>;
  /** Lets a paused server go on; it then answers what it was sent meanwhile. */
  resume(): Promise<void>;
}

/** Starts again empty, unless `data: 'kept'` and the settings make it write its data down. */
export type RedisServer = Server;

/** Starts again with its data, unless `data: 'empty'`. */
export type PostgresServer = Server;
