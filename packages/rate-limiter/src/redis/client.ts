/** The part of a Redis client that the store calls. `Redis` and `Cluster` of ioredis 5 and 6 fit, and so does iovalkey. */
export interface RedisClient {
  /** Told from `'ready'`, a connection that is down costs no wait. */
  readonly status?: string;
  /** In a cluster each scope of a subject is asked for on its own. */
  readonly isCluster?: boolean;
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
}
