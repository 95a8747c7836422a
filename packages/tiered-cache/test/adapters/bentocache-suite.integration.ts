// The titles are those of bentocache.
/* oxlint-disable vitest/valid-title, vitest/expect-expect */
import { describeWithRedis } from '@holdfast/test-support';
import { createCache, MemoryCache } from '@holdfast/tiered-cache';
import { type AdaptableCache, bentocacheDriver } from '@holdfast/tiered-cache/bentocache';
import { redis } from '@holdfast/tiered-cache/redis';
import { registerCacheDriverTestSuite } from 'bentocache/test_suite';
import { afterAll, afterEach, assert, beforeAll, describe, it, onTestFinished } from 'vitest';

type Hook = () => unknown;

/**
 * Runs the suite that bentocache publishes for drivers. It is written for another runner, whose part this one plays.
 *
 * @param open - Opens the same cache each time: drivers with different prefixes share it.
 */
function bentocacheSuite(title: string, open: () => AdaptableCache): void {
  describe(title, () => {
    const test = (name: string, run: (context: object) => Promise<void>): void =>
      it(name, () => run({ assert, cleanup: (hook: Hook) => onTestFinished(() => void hook()) }));
    const group = {
      setup: (hook: () => Promise<Hook>) => {
        let teardown: Hook;
        beforeAll(async () => {
          teardown = await hook();
        });
        afterAll(() => teardown());
      },
      tap: () => undefined,
      each: { teardown: (hook: () => Promise<void>) => afterEach(hook) },
    };
    const createDriver = (options: { readonly prefix?: string } = {}): object =>
      bentocacheDriver(open()).factory(options);
    registerCacheDriverTestSuite({ test, group, createDriver } as never);
  });
}

const memory = new MemoryCache();
bentocacheSuite('bentocacheDriver over memory', () => memory);

describeWithRedis('bentocacheDriver', (server) => {
  const tier = (prefix: string) => redis(server.url, { prefix });

  bentocacheSuite('over Redis', () => tier('suite'));
  bentocacheSuite('over memory and Redis', () =>
    createCache({ namespace: 'bento', ttlMs: 600_000, l2: tier('tiered-suite') }),
  );
});
