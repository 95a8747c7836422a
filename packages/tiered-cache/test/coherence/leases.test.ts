import { settle } from '@holdfast/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { counted } from '../rig.ts';
import { Fleet, type Node } from './fleet.ts';

let fleet: Fleet;
let a: Node;
let b: Node;

const wait = (ms: number): Promise<void> => new Promise((resolve) => void fleet.clock.schedule(resolve, ms));

async function start(options: ConstructorParameters<typeof Fleet>[1] = {}): Promise<void> {
  fleet = new Fleet(0, options);
  a = fleet.add();
  b = fleet.add();
  for (const { cache } of fleet.nodes) await fleet.during(cache.get('warm', () => 1));
  await settle();
}

beforeEach(() => start());

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
  if (fleet.clock.pending() > 0) throw new Error('a timer is left');
});

describe('the lease of a key', () => {
  it('is waited for as long as leaseWaitMs, however slowly the server answers each look', async () => {
    const slow = a.cache.get('key', async () => {
      await wait(6_000);
      return 'slow';
    });
    await fleet.clock.advance(5);
    b.store.fate = () => ({ replyMs: 20 });
    const load = counted(() => 'own');
    const reading = b.cache.get('key', load);
    await fleet.clock.advance(6_500);

    expect([await slow, await reading, load.calls]).toEqual(['slow', 'slow', 0]);
  });

  it('is waited for no longer than leaseWaitMs; then the value is loaded and not stored', async () => {
    await fleet[Symbol.asyncDispose]();
    await start({ leaseWaitMs: 1_000 });
    void a.cache.get('key', () => wait(5_000));
    await fleet.clock.advance(5);
    const load = counted(() => 'own');
    const reading = b.cache.get('key', load);
    await fleet.clock.advance(900);
    expect(load.calls).toBe(0);

    await fleet.clock.advance(200);
    expect(await reading).toBe('own');
    expect([b.cache.peek('key'), fleet.server.value('key')]).toEqual([undefined, undefined]);
    await fleet.clock.advance(5_000);
  });

  it('is given back when the loader throws', async () => {
    const failed = new Error('source down');
    await expect(
      a.cache.get('key', () => {
        throw failed;
      }),
    ).rejects.toBe(failed);

    expect(fleet.server.lease('key')).toBeUndefined();
    expect(await b.cache.get('key', () => 'loaded')).toBe('loaded');
  });

  it.each([
    ['skips', (context: { skip(): void }) => context.skip()],
    ['gives no life', (context: { ttl(ms: number): void }) => context.ttl(0)],
  ])('is given back when the loader %s', async (_what, say) => {
    await a.cache.get('key', (context) => {
      say(context);
      return 'value';
    });
    await settle();

    expect(fleet.server.lease('key')).toBeUndefined();
  });

  it('is given back when what was loaded cannot be written outside the process', async () => {
    await a.cache.get('key', () => Symbol('no codec takes it'));
    await settle();

    expect(fleet.server.lease('key')).toBeUndefined();
    expect(await b.cache.get('key', () => 'loaded')).toBe('loaded');
  });

  it('is given back when everything was cleared before it was granted, and asked for anew', async () => {
    a.store.fate = (operation) => (operation === 'acquire' ? { replyMs: 20 } : {});
    const reading = a.cache.get('key', () => 'loaded');
    await fleet.clock.advance(10);
    await a.cache.clear();
    await fleet.clock.advance(100);

    expect([await reading, a.cache.peek('key')]).toEqual(['loaded', 'loaded']);
  });

  it('is given back when nobody waits for the load any longer, whether the loader ends or not', async () => {
    const leaving = new AbortController();
    const left = a.cache
      .get('key', () => new Promise<never>(() => undefined), { signal: leaving.signal })
      .catch(String);
    await fleet.clock.advance(5);
    leaving.abort(new Error('left'));
    await settle();

    expect([await left, fleet.server.lease('key')]).toEqual(['Error: left', undefined]);
    expect(await a.cache.get('key', () => 'loaded')).toBe('loaded');
    expect(await b.cache.get('key')).toBe('loaded');
  });

  it('is given back when it was granted too late to be used', async () => {
    a.store.fate = (operation) => (operation === 'acquire' ? { requestMs: 300 } : {});
    const reading = a.cache.get('key', () => 'alone');
    await fleet.clock.advance(260);
    expect(await reading).toBe('alone');
    await fleet.clock.advance(100);

    expect(fleet.server.lease('key')).toBeUndefined();
    const load = counted(() => 'loaded');
    expect(await b.cache.get('key', load)).toBe('loaded');
  });

  it('is given back when it was granted too late, also while the tier is left alone after failures', async () => {
    a.store.fate = (operation) => (operation === 'acquire' ? { requestMs: 600 } : {});
    const reading = Promise.all(['key', 'one', 'two', 'three'].map((key) => a.cache.get(key, () => 'alone')));
    await fleet.clock.advance(500);
    expect(await reading).toEqual(['alone', 'alone', 'alone', 'alone']);
    a.store.fate = () => ({});
    await fleet.clock.advance(200);

    expect(a.cache.statistics().tiers.l2?.up).toBe(0);
    expect(fleet.server.lease('key')).toBeUndefined();
  });

  it('is given back when no time is left to store what was loaded', async () => {
    let stalledMs = 0;
    const clock = { ...fleet.skewed(0), now: () => fleet.clock.now() + stalledMs };
    const { cache, store } = fleet.add({ clock });
    await fleet.during(cache.get('warm', () => 1));
    // The process is stopped for a second while the answer is on its way.
    store.fate = (operation) => {
      if (operation === 'acquire') stalledMs += 1_000;
      return {};
    };

    expect(await cache.get('key', () => 'loaded')).toBe('loaded');
    await settle();
    expect(fleet.server.lease('key')).toBeUndefined();
  });

  it('is renewed while the loader runs and not afterwards', async () => {
    await fleet[Symbol.asyncDispose]();
    await start({ leaseMs: 300 });
    void a.cache.get('key', () => wait(1_000));
    await fleet.clock.advance(1_000);
    const renewals = a.store.operations.filter((operation) => operation === 'renew').length;
    await fleet.clock.advance(1_000);

    expect(renewals).toBe(9);
    expect(a.store.operations.filter((operation) => operation === 'renew')).toHaveLength(renewals);
  });

  it('that was lost stores nothing', async () => {
    const loading = a.cache.get('key', async () => {
      await wait(50);
      return 'loaded';
    });
    await fleet.clock.advance(10);
    fleet.server.leases.clear();
    await fleet.clock.advance(50);

    expect(await loading).toBe('loaded');
    expect([fleet.server.value('key'), a.cache.peek('key')]).toEqual([undefined, undefined]);
    expect(a.cache.statistics().coherence.fillsRefused).toBe(1);
  });

  it('that was lost is not asked for again and again', async () => {
    await fleet[Symbol.asyncDispose]();
    await start({ leaseMs: 300 });
    const loading = a.cache.get('key', () => wait(1_000));
    await fleet.clock.advance(10);
    fleet.server.leases.clear();
    await fleet.clock.advance(1_000);
    await loading;

    expect(a.store.operations.filter((operation) => operation === 'renew')).toHaveLength(1);
  });

  it.each([
    ['fails', { fails: 'before' }],
    ['is not answered in time', { replyMs: 10_000 }],
  ] as const)(
    'is renewed again after a renewal that %s, so that nobody else loads beside',
    async (_what, fate) => {
      await fleet[Symbol.asyncDispose]();
      await start({ leaseMs: 3_000 });
      const renewals = (): number => a.store.operations.filter((operation) => operation === 'renew').length;
      a.store.fate = (operation) => (operation === 'renew' && renewals() === 1 ? fate : {});
      const loading = a.cache.get('key', () => wait(8_000).then(() => 'slow'));
      await fleet.clock.advance(5);
      const load = counted(() => 'own');
      const reading = b.cache.get('key', load);
      await fleet.clock.advance(9_000);

      expect([await loading, await reading, load.calls]).toEqual(['slow', 'slow', 0]);
      expect(renewals()).toBeGreaterThan(1);
    },
  );

  it('that ends while it is being renewed is not renewed once more', async () => {
    await fleet[Symbol.asyncDispose]();
    await start({ leaseMs: 2_850 });
    a.store.fate = (operation) => (operation === 'renew' ? { replyMs: 100 } : {});
    const loading = a.cache.get('key', () => wait(1_000).then(() => 'loaded'));
    await fleet.clock.advance(1_010);
    await loading;
    await fleet.clock.advance(3_000);

    expect(a.store.operations.filter((operation) => operation === 'renew')).toHaveLength(1);
  });

  it('leaves no timer and no promise behind when the cache is disposed, on either side', async () => {
    void a.cache.get('key', () => new Promise(() => undefined)).catch(() => undefined);
    await fleet.clock.advance(5);
    const waiting = b.cache.get('key', () => 1).catch((error: unknown) => error);
    await fleet.clock.advance(20);
    await Promise.all(fleet.nodes.map(({ cache }) => cache[Symbol.asyncDispose]()));

    expect(fleet.clock.pending()).toBe(0);
    expect(await waiting).toMatchObject({ code: 'ERR_CACHE_DISPOSED' });
  });
});

describe('one load in a fleet', () => {
  it('is enough for any number of callers and processes, whatever the loader gives', async () => {
    for (const value of ['value', null, 0]) {
      const load = counted(async () => {
        await wait(30);
        return value;
      });
      const reads = fleet.nodes.flatMap(({ cache }) =>
        Array.from({ length: 50 }, () => cache.get(`key of ${String(value)}`, load)),
      );
      await fleet.clock.advance(200);

      expect(new Set(await Promise.all(reads))).toEqual(new Set([value]));
      expect(load.calls).toBe(1);
    }
  });

  it('has its failure told to those of its process, and is done again by the next process', async () => {
    const failing = counted(async (): Promise<string> => {
      await wait(30);
      throw new Error('source down');
    });
    const own = [a.cache.get('key', failing), a.cache.get('key', failing)].map((read) => read.catch(String));
    await fleet.clock.advance(5);
    const other = b.cache.get('key', () => 'loaded');
    await fleet.clock.advance(200);

    expect(await Promise.all(own)).toEqual(['Error: source down', 'Error: source down']);
    expect([await other, failing.calls]).toEqual(['loaded', 1]);
  });
});

describe.each(['leaseMs', 'leaseWaitMs'] as const)('%s', (option) => {
  it.each([-1, Number.NaN, Infinity, '5'])('cannot be %j', (value) => {
    expect(() => fleet.make({ [option]: value as number })).toThrow(`${option} must be`);
  });
});
