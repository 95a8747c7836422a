import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import type { Redis } from 'ioredis';
import type { LimitProfile } from './config.ts';

/** A user's calls, a user's expensive calls, and everybody's together: one decision, charged to all or to none. */
const limitsOf = ({ windowMs, user, expensive, global }: LimitProfile) =>
  ({
    user: { limit: user, windowMs, by: 'user' },
    expensive: { limit: expensive, windowMs, by: 'user', tag: 'expensive' },
    global: { limit: global, windowMs, by: 'global' },
  }) as const;

export type Limiter = RateLimiter<ReturnType<typeof limitsOf>>;

/** Counts in Redis if there is one, so that all instances share the limits; in this process otherwise. */
export function createLimiter(profile: LimitProfile, redis: Redis | undefined): Limiter {
  const store = redis && new RedisStore(redis);
  return new RateLimiter({ name: 'requests', limits: limitsOf(profile), store });
}
