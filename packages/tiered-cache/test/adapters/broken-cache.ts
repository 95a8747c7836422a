import type { ICache } from '@holdfast/tiered-cache';

const fail = (): Promise<never> => Promise.reject(new Error('the cache is down'));

/** A cache that fails whatever it is asked. */
export function brokenCache(): ICache {
  return {
    capabilities: { ttl: true, sync: false, compareAndSet: false, log: false, tags: false },
    get: fail,
    getMany: fail,
    set: fail,
    setMany: fail,
    delete: fail,
    deleteMany: fail,
    clear: fail,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
