/**
 * Real servers for tests, and the faults that they meet.
 *
 * @module
 */
export { mayRunAsNobody, nobody } from './another-user.ts';
export { Child, type ChildOptions, startChild } from './child.ts';
export { ServerUnavailableError } from './errors.ts';
export { OwnTime } from './own-time.ts';
export { startPostgres } from './postgres.ts';
export { type Proxy, type ProxyTarget, type Scope, startProxy } from './proxy.ts';
export { type RedisOptions, startRedis } from './redis.ts';
export { RedisCluster, startRedisCluster } from './redis-cluster.ts';
export { RedisSentinel, startRedisSentinel } from './redis-sentinel.ts';
export { type PostgresServer, type RedisServer, type Server, type StartOptions } from './server.ts';
export { until } from './until.ts';
export {
  describeWithPostgres,
  describeWithRedis,
  describeWithRedisCluster,
  describeWithRedisSentinel,
} from './describe-with.ts';
