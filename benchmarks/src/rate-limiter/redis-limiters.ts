import { createRequire } from 'node:module';

import { type LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { startRedis } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { type RedisReply, RedisStore as ExpressRedisStore } from 'rate-limit-redis';
import { RateLimiterRedis } from 'rate-limiter-flexible';

import { baseline, type Case, ours, peer, reference, type Run, type Scope } from '../harness/question.ts';

// A limit that is never reached: admissions are measured.
const limit = 1_000_000_000;
const windowMs = 60_000;
const patienceMs = 30_000;
const incrementScript = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count`;
/** The least that a decision by the server's clock, over a value that holds four limits and expires, asks of a server. */
const leastScript = `
local time = redis.call('TIME')
local value = redis.call('GET', KEYS[1]) or string.rep('x', 220)
redis.call('SET', KEYS[1], value, 'PX', ARGV[1])
return { 0, time[1] * 1000000 + time[2], 1, 1, 1, 1 }`;

/** Decides about a subject. */
export type Decide = (subject: string) => Promise<boolean>;

const fourLimits: LimitsOptions = {
  user: { limit, windowMs },
  burst: { limit, windowMs: 10_000, counts: 'attempts' },
  expensive: { limit, windowMs },
  daily: { limit, windowMs: 86_400_000, mode: 'smooth' },
};
const threeAndGlobal: LimitsOptions = {
  user: { limit, windowMs, by: 'user' },
  burst: { limit, windowMs: 10_000, by: 'user', counts: 'attempts' },
  expensive: { limit, windowMs, by: 'user' },
  global: { limit, windowMs, by: 'global' },
};

/**
 * Limiters on one server, each with a connection of its own, in a case that `runOf` makes of what they do.
 *
 * @param atMost - The highest ratio that we allow ourselves with four limits.
 */
export async function redisCases(
  scope: Scope,
  runOf: (decide: Decide) => Run,
  atMost: number,
): Promise<readonly Case[]> {
  const { url } = scope.use(await startRedis());
  const connect = (): Redis => {
    const client = new Redis(url);
    scope.defer(() => client.disconnect());
    return client;
  };
  const bare = connect();
  const sha = (await bare.script('LOAD', incrementScript)) as string;
  const increment = async (subject: string): Promise<boolean> =>
    (await bare.incr(`incr:${subject}`)) <= limit;
  const script = async (subject: string): Promise<boolean> =>
    Number(await bare.evalsha(sha, 1, `script:${subject}`, windowMs)) <= limit;
  const leastSha = (await bare.script('LOAD', leastScript)) as string;
  const least = async (subject: string): Promise<boolean> =>
    ((await bare.evalsha(leastSha, 1, `least:${subject}`, windowMs)) as unknown[]).length === 6;
  const limited = (name: string, limits: LimitsOptions): Run => runOf(holdfast(name, limits, connect()));
  return [
    baseline('INCR', runOf(increment)),
    reference('EVALSHA of INCR and PEXPIRE', runOf(script)),
    reference('EVALSHA of TIME, GET, SET PX and six numbers', runOf(least)),
    ours('RateLimiter, one limit', limited('one', { user: { limit, windowMs } })),
    ours('RateLimiter, four limits', limited('four', fourLimits), { atMost }),
    ours('RateLimiter, three limits and a global one', limited('both', threeAndGlobal)),
    peer('rate-limiter-flexible', 'RateLimiterRedis, one limit', runOf(flexible(connect()))),
    peer('rate-limit-redis', 'RedisStore, one limit', runOf(await express(connect()))),
    peer('@fastify/rate-limit', 'its RedisStore, one limit', runOf(fastify(connect()))),
  ];
}

function holdfast(name: string, limits: LimitsOptions, client: Redis): Decide {
  // A decision that is made locally would be cheap, and no answer to the question.
  const limiter = new RateLimiter({ name, limits, store: new RedisStore(client, { timeoutMs: patienceMs }) });
  return async (subject) => {
    const { allowed, source } = await limiter.check('global' in limits ? { user: subject } : subject);
    if (source !== 'redis') throw new Error(`decided by ${source}`);
    return allowed;
  };
}

function flexible(storeClient: Redis): Decide {
  const limiter = new RateLimiterRedis({
    storeClient,
    points: limit,
    duration: windowMs / 1_000,
    keyPrefix: 'flexible',
  });
  return async (subject) => (await limiter.consume(subject)).remainingPoints >= 0;
}

async function express(client: Redis): Promise<Decide> {
  const store = new ExpressRedisStore({
    sendCommand: (command: string, ...args: string[]) => client.call(command, ...args) as Promise<RedisReply>,
    prefix: 'express:',
  });
  // The store reads nothing else of its options.
  await store.init({ windowMs } as Parameters<typeof store.init>[0]);
  return async (subject) => (await store.increment(subject)).totalHits <= limit;
}

/** What the plugin makes of its `redis` option; not among its exports. */
interface FastifyStore {
  incr(
    key: string,
    done: (error: Error | null, result: { current: number } | null) => void,
    windowMs: number,
    max: number,
  ): void;
}

function fastify(client: Redis): Decide {
  const require = createRequire(import.meta.url);
  const Store = require('@fastify/rate-limit/store/RedisStore.js') as new (
    continueExceeding: boolean,
    exponentialBackoff: boolean,
    redis: Redis,
  ) => FastifyStore;
  const store = new Store(false, false, client);
  return (subject) =>
    new Promise((resolve, reject) => {
      const done = (error: Error | null, result: { current: number } | null): void => {
        if (error === null && result !== null) resolve(result.current <= limit);
        else reject(error);
      };
      store.incr(subject, done, windowMs, limit);
    });
}
