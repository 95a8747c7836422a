const limits = {
  user: { limit: 100, windowMs: 60_000, by: 'user' },
  expensive: { limit: 20, windowMs: 60_000, by: 'user', tag: 'expensive' },
  learning: { limit: 10, windowMs: 60_000, by: 'user', tag: 'learning' },
  burst: { limit: 50, windowMs: 10_000, by: 'user', counts: 'attempts' },
  ip: { limit: 20, windowMs: 60_000, by: 'ip' },
  global: { limit: 1_000, windowMs: 60_000, by: 'global' },
} as const;

/**
 * The limits of a service with users and strangers, per minute: a user 100 calls, of them 20 tagged `'expensive'` and 10
 * tagged `'learning'`; an address 20 calls of strangers; everybody together 1000. And a user 50 attempts in 10 seconds.
 * Name `{ user }` for a caller who is signed in and `{ ip }` for a stranger.
 */
export function phase2(): typeof limits {
  return limits;
}
