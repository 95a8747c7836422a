import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minutes } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import {
  cacheFromEnvironment,
  type EnvironmentCache,
  type TierChange,
} from '@holdfast/tiered-cache/environment';
import { afterEach, describe, expect, it } from 'vitest';

import { presets } from '@holdfast/tiered-cache';
import { counted } from '../rig.ts';

// Nobody listens there.
const deadUrl = 'redis://:hunter2@127.0.0.1:1';

describe('cacheFromEnvironment', () => {
  const opened: AsyncDisposable[] = [];
  const opening = <V>(cache: EnvironmentCache<V>): EnvironmentCache<V> => {
    opened.push(cache);
    return cache;
  };
  afterEach(async () => {
    for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
  });

  it('keeps entries in memory where the environment says nothing', async () => {
    const { cache, mode } = opening(cacheFromEnvironment({ namespace: 'shop', ttlMs: 60_000 }, {}));
    const load = counted(() => 'loaded');
    await cache.get('key', load);
    await cache.get('key', load);

    expect(mode).toBe('memory');
    expect(load.calls).toBe(1);
    expect(Object.keys(cache.statistics().tiers)).toEqual(['l1']);
  });

  it('reads process.env by itself', async () => {
    const { mode } = opening(cacheFromEnvironment({ namespace: 'shop', ttlMs: 60_000 }));

    expect(mode).toBe(process.env['REDIS_URL'] ? 'hybrid' : 'memory');
  });

  it.each([
    [{}, ['l1']],
    [{ CACHE_MODE: 'memory', REDIS_URL: deadUrl }, ['l1']],
    [{ REDIS_URL: deadUrl }, ['l1', 'l2']],
    [{ CACHE_MODE: 'hybrid', REDIS_URL: deadUrl }, ['l1', 'l2']],
    [{ CACHE_MODE: 'redis', REDIS_URL: deadUrl }, ['l2']],
    [{ CACHE_FILE: ':memory:' }, ['l1', 'l3']],
    [{ CACHE_MODE: 'redis', REDIS_URL: deadUrl, CACHE_FILE: ':memory:' }, ['l2', 'l3']],
  ])('makes of %j the right tiers', async (environment, tiers) => {
    const made = opening(cacheFromEnvironment({ namespace: 'shop', ttlMs: 60_000 }, environment));

    expect(Object.keys(made.cache.statistics().tiers)).toEqual(tiers);
    expect(Object.keys((await made.health()).tiers)).toEqual(tiers);
  });

  it('lets variables win over options, and options over a preset', async () => {
    const clock = new ManualClock();
    const options = { namespace: 'shop', clock, preset: presets.phase2 };
    const capacity = ({ cache }: EnvironmentCache): number | undefined =>
      cache.statistics().tiers.l1?.capacityEntries;
    const own = { ...options, l1: { maxEntries: 500 } };

    expect(capacity(opening(cacheFromEnvironment(options, {})))).toBe(10_000);
    expect(capacity(opening(cacheFromEnvironment(own, {})))).toBe(500);
    expect(capacity(opening(cacheFromEnvironment(own, { CACHE_L1_MAX_ENTRIES: '7' })))).toBe(7);

    for (const [ttlMs, variables, lifeMs] of [
      [undefined, {}, minutes(5)],
      [2_000, {}, 2_000],
      [2_000, { CACHE_TTL_MS: '1000' }, 1_000],
    ] as const) {
      const { cache } = opening(cacheFromEnvironment({ ...options, ttlMs }, variables));
      await cache.set('key', 1);
      await clock.advance(lifeMs - 1);
      expect(await cache.get('key')).toBe(1);
      await clock.advance(1);
      expect(await cache.get('key')).toBeUndefined();
    }
  });

  it('bounds memory in bytes', async () => {
    const { cache } = opening(
      cacheFromEnvironment({ namespace: 'shop', ttlMs: 1_000 }, { CACHE_L1_MAX_BYTES: '2000' }),
    );
    for (let index = 0; index < 100; index += 1) await cache.set(`${index}`, 'x'.repeat(200));

    expect(cache.statistics().tiers.l1?.bytes).toBeLessThanOrEqual(2_000);
    expect(cache.statistics().tiers.l1?.entries).toBeGreaterThan(0);
  });

  it('keeps entries in a file for the next process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
    const environment = { CACHE_FILE: join(folder, 'cache.db') };
    const before = cacheFromEnvironment({ namespace: 'shop', ttlMs: 60_000 }, environment);
    await before.cache.set('key', 'value');
    expect(await before.health()).toMatchObject({ status: 'up', tiers: { l3: { status: 'up' } } });
    await before[Symbol.asyncDispose]();

    const after = opening(cacheFromEnvironment({ namespace: 'shop', ttlMs: 60_000 }, environment));
    expect(await after.cache.get('key')).toBe('value');
    rmSync(folder, { recursive: true });
  });

  it('goes on in memory without a Redis or a file, says so once each, and prints no secret', async () => {
    const changes: TierChange[] = [];
    const environment = { REDIS_URL: deadUrl, CACHE_FILE: '/missing/folder/cache.db' };
    const made = opening(
      cacheFromEnvironment(
        { namespace: 'shop', ttlMs: 60_000, onTierChange: (change) => void changes.push(change) },
        environment,
      ),
    );
    const load = counted(() => 'loaded');
    for (let turn = 0; turn < 20; turn += 1) await made.cache.get('key', load);

    expect(load.calls).toBe(1);
    expect(changes.map(({ tier, status }) => `${tier} ${status}`).toSorted()).toEqual(['l2 down', 'l3 down']);
    const health = await made.health();
    expect(health).toEqual({
      status: 'degraded',
      mode: 'hybrid',
      tiers: {
        l1: { status: 'up', latencyMs: expect.any(Number) },
        l2: { status: 'down', error: expect.any(String) },
        l3: { status: 'down', error: expect.any(String) },
      },
    });
    expect(JSON.stringify([health, changes])).not.toContain('hunter2');
  });

  it('answers from loaders while Redis alone is down', async () => {
    const made = opening(
      cacheFromEnvironment({ namespace: 'shop', ttlMs: 60_000 }, { CACHE_MODE: 'redis', REDIS_URL: deadUrl }),
    );

    expect(await made.cache.get('key', () => 'loaded')).toBe('loaded');
    expect(await made.cache.get('key')).toBeUndefined();
    expect((await made.health()).status).toBe('down');
  });

  it('is down after it was disposed', async () => {
    const made = cacheFromEnvironment({ namespace: 'shop', ttlMs: 60_000 }, {});
    expect((await made.health()).status).toBe('up');
    await made[Symbol.asyncDispose]();

    expect(await made.health()).toEqual({
      status: 'down',
      mode: 'memory',
      tiers: { l1: { status: 'down', error: 'shop was disposed' } },
    });
  });

  it.each([
    [{}, {}, 'CACHE_TTL_MS must be set, unless there is an option ttlMs or a preset, got undefined'],
    [{ ttlMs: -1 }, {}, 'ttlMs must be a finite number of milliseconds of at least 0, got -1'],
    [{ ttlMs: 1, namespace: 'a:b' }, {}, 'namespace must be made of'],
    [{ ttlMs: 1, probeTimeoutMs: 0 }, {}, 'probeTimeoutMs must be'],
    [{ ttlMs: 1, preset: {} as never }, {}, 'preset must be a function, got an object'],
    [{ ttlMs: 1, onTierChange: {} as never }, {}, 'onTierChange must be a function, got an object'],
    [{ ttlMs: 1, clock: {} as never }, {}, 'clock must be an object with now(), epoch(), schedule()'],
    [{ ttlMs: 1, l2: { timeoutMs: 0 } }, { REDIS_URL: deadUrl }, 'l2.timeoutMs must be'],
    [{ ttlMs: 1 }, { CACHE_MODE: 'x' }, 'CACHE_MODE must be one of'],
  ])('refuses the options %j with %j', (options, environment, message) => {
    expect(() => cacheFromEnvironment({ namespace: 'shop', ...options }, environment)).toThrow(message);
  });
});
