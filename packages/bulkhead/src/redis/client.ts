/** The part of a Redis client that is called. `Redis` and `Cluster` of ioredis 5 and 6 fit, and so does iovalkey. */
export interface RedisClient {
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
}
