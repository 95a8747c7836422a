import { createRequire } from 'node:module';

import { type LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import { MemoryStore } from 'express-rate-limit';
import { RateLimiterMemory } from 'rate-limiter-flexible';

import { baseline, type Case, ours, peer, reference } from '../harness/question.ts';

const windowMs = 60_000;

/** Holds the counts of the rate-limit plugin for Fastify. Not an entry point of the package, and without types. */
interface LocalStore {
  incr(
    key: string,
    callback: (error: null, result: { current: number }) => void,
    windowMs: number,
    max: number,
  ): void;
}
type LocalStoreConstructor = new (
  continueExceeding: boolean,
  exponentialBackoff: boolean,
  cache: number,
) => LocalStore;
export const FastifyStore = createRequire(import.meta.url)(
  '@fastify/rate-limit/store/LocalStore.js',
) as LocalStoreConstructor;

/** One limit, in any window. */
export function oneLimit(limit: number): LimitsOptions {
  return { user: { limit, windowMs } };
}

/** Four limits that each call falls under: three of a minute and one of ten seconds. */
export function fourLimits(limit: number): LimitsOptions {
  return {
    user: { limit, windowMs },
    expensive: { limit, windowMs },
    learning: { limit, windowMs },
    burst: { limit, windowMs: 10_000, counts: 'attempts' },
  };
}

/**
 * The limiters with equal settings, where `limit` is either never reached or reached by the first call. Each asks `keys()`
 * for a source of subjects of its own and gives whether the call may pass.
 */
export function memoryLimiters(limit: number, keys: () => () => string): readonly Case[] {
  const holdfast = (limits: LimitsOptions): (() => boolean) => {
    const limiter = new RateLimiter({ limits });
    const next = keys();
    return () => limiter.checkSync(next()).allowed;
  };
  return [
    baseline('Map.get and ++', counter(limit, keys())),
    reference('Map of counts and window ends', fixedWindow(limit, keys())),
    ours('checkSync, one strict limit', holdfast(oneLimit(limit)), { atMost: 15 }),
    ours('checkSync, four strict limits', holdfast(fourLimits(limit)), { atMost: 30 }),
    ours('checkSync, one smooth limit', holdfast({ user: { limit, windowMs, mode: 'smooth' } })),
    ours('check, one strict limit, awaited', awaited(oneLimit(limit), keys())),
    ours('check, four strict limits, awaited', awaited(fourLimits(limit), keys())),
    peer('@fastify/rate-limit', 'LocalStore, fixed window', fastify(limit, keys())),
    peer('express-rate-limit', 'MemoryStore, fixed window', express(limit, keys())),
    peer('rate-limiter-flexible', 'RateLimiterMemory, fixed window', flexible(limit, keys())),
  ];
}

function counter(limit: number, next: () => string): () => boolean {
  const counts = new Map<string, { count: number }>();
  return () => {
    const key = next();
    let held = counts.get(key);
    if (held === undefined) counts.set(key, (held = { count: 0 }));
    held.count += 1;
    return held.count <= limit;
  };
}

function fixedWindow(limit: number, next: () => string): () => boolean {
  const windows = new Map<string, { count: number; endsAt: number }>();
  return () => {
    const key = next();
    const now = Date.now();
    let window = windows.get(key);
    if (window === undefined || window.endsAt <= now)
      windows.set(key, (window = { count: 0, endsAt: now + windowMs }));
    window.count += 1;
    return window.count <= limit;
  };
}

function awaited(limits: LimitsOptions, next: () => string): () => Promise<boolean> {
  const limiter = new RateLimiter({ limits });
  return async () => (await limiter.check(next())).allowed;
}

function fastify(limit: number, next: () => string): () => boolean {
  const store = new FastifyStore(false, false, 1_000_000);
  let allowed = false;
  const callback = (_error: null, { current }: { current: number }): void => {
    allowed = current <= limit;
  };
  return () => {
    store.incr(next(), callback, windowMs, limit);
    return allowed;
  };
}

function express(limit: number, next: () => string): () => Promise<boolean> {
  const store = new MemoryStore();
  // The store reads nothing else of its options.
  store.init({ windowMs } as Parameters<MemoryStore['init']>[0]);
  return async () => (await store.increment(next())).totalHits <= limit;
}

/** It rejects refused calls. */
function flexible(limit: number, next: () => string): () => Promise<boolean> {
  const limiter = new RateLimiterMemory({ points: limit, duration: windowMs / 1_000 });
  return () =>
    limiter.consume(next()).then(
      () => true,
      () => false,
    );
}
