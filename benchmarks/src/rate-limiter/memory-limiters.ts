import { RateLimiter } from '@holdfast/rate-limiter';
import { MemoryStore } from 'express-rate-limit';
import { RateLimiterMemory } from 'rate-limiter-flexible';

import { baseline, type Case, ours, peer } from '../harness/question.ts';

// A limit that is never reached: admissions are measured.
const limit = 1_000_000_000;
const windowMs = 60_000;

/** The limiters with equal settings. Each asks `keys()` for a source of subjects of its own. */
export function memoryLimiters(keys: () => () => string): readonly Case[] {
  return [
    baseline('Map of counts and window ends, awaited', fixedWindow(keys())),
    ours('RateLimiter, any window (strict)', holdfast(keys())),
    peer('rate-limiter-flexible', 'RateLimiterMemory, fixed window', flexible(keys())),
    peer('express-rate-limit', 'MemoryStore, fixed window', express(keys())),
  ];
}

function fixedWindow(next: () => string): () => Promise<boolean> {
  const windows = new Map<string, { count: number; endsAt: number }>();
  return async () => {
    const key = next();
    const now = Date.now();
    let window = windows.get(key);
    if (window === undefined || window.endsAt <= now)
      windows.set(key, (window = { count: 0, endsAt: now + windowMs }));
    window.count += 1;
    return window.count <= limit;
  };
}

function holdfast(next: () => string): () => Promise<boolean> {
  const limiter = new RateLimiter({ limits: { user: { limit, windowMs } } });
  return async () => (await limiter.check(next())).allowed;
}

function flexible(next: () => string): () => Promise<boolean> {
  const limiter = new RateLimiterMemory({ points: limit, duration: windowMs / 1_000 });
  return async () => (await limiter.consume(next())).remainingPoints >= 0;
}

function express(next: () => string): () => Promise<boolean> {
  const store = new MemoryStore();
  // The store reads nothing else of its options.
  store.init({ windowMs } as Parameters<MemoryStore['init']>[0]);
  return async () => (await store.increment(next())).totalHits <= limit;
}
