import { getEventListeners } from 'node:events';
import { InvalidOptionError } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import {
  type CheckOptions,
  MemoryStore,
  RateLimitedError,
  RateLimiter,
  type RateLimiterEvent,
  type Verdict,
} from '@holdfast/rate-limiter';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { fixedStore } from './support/fixed-store.ts';

const minute = 60_000;
/** The layers of a service: per user, by tag, per address, and for all. */
const layers = {
  user: { limit: 100, windowMs: minute, by: 'user' },
  expensive: { limit: 20, windowMs: minute, by: 'user', tag: 'expensive' },
  learning: { limit: 10, windowMs: minute, by: 'user', tag: 'learning' },
  ip: { limit: 20, windowMs: minute, by: 'ip' },
  global: { limit: 1_000, windowMs: minute, by: 'global' },
} as const;

type Layers = typeof layers;
type Subject = { readonly user?: string | undefined; readonly ip?: string | undefined };
type LayerCheck = readonly [subject: Subject, options: CheckOptions<'expensive' | 'learning'>];

const alice = { user: 'alice' };
const stranger = { ip: '192.0.2.1' };

async function repeat(times: number, act: (i: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < times; i += 1) await act(i);
}

describe('RateLimiter with the layers of a service', () => {
  it.each<[string, LayerCheck, LayerCheck, object]>([
    [
      'applies a tagged limit only to calls with the tag',
      [alice, { tags: ['expensive'], cost: 20 }],
      [alice, { tags: ['learning'] }],
      { allowed: true, binding: 'user', limits: { learning: { remaining: 9 } } },
    ],
    [
      'applies the limits of every subject that the call names',
      [stranger, { cost: 20 }],
      [{ ...alice, ...stranger }, {}],
      { allowed: false, violated: ['ip'], limits: { user: { remaining: 100 } } },
    ],
    [
      'takes a subject that is undefined for none',
      [alice, {}],
      [{ user: undefined, ...stranger }, {}],
      { allowed: true, limits: { ip: { remaining: 19 } } },
    ],
  ])('%s', async (_, first, next, expected) => {
    const limiter = new RateLimiter({ limits: layers, clock: new ManualClock() });
    await limiter.check(...first);

    expect(await limiter.check(...next)).toMatchObject(expected);
  });

  it('binds an allowed call to the limit with the least of its quota left', async () => {
    const limiter = new RateLimiter({ limits: layers, clock: new ManualClock() });

    expect(await limiter.check(alice, { tags: ['learning'] })).toMatchObject({
      binding: 'learning',
      retryAfterMs: 0,
    });
  });

  it('types the limits of a decision, the subjects and the tags', async () => {
    const limiter = new RateLimiter({ limits: layers });
    const decision = await limiter.check(alice);

    expectTypeOf(decision.violated).toEqualTypeOf<readonly (keyof Layers)[]>();
    expectTypeOf(decision.limits.learning).toExtend<{ remaining: number } | undefined>();
    expectTypeOf<'user' | 'ip'>().toEqualTypeOf<keyof Exclude<Parameters<typeof limiter.check>[0], string>>();
    // @ts-expect-error No limit has this tag.
    await expect(limiter.check(alice, { tags: ['cheap'] })).rejects.toThrow(
      "tags must be among 'expensive', 'learning'",
    );
    // @ts-expect-error No limit counts by this.
    await expect(limiter.check({ tenant: 'acme' })).rejects.toThrow(
      "subject must be an object that names 'user', 'ip'",
    );
  });
});

describe('RateLimiter', () => {
  it('tells when the same call could pass again, also after the last unit', async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 2, windowMs: 1_000 } }, clock });
    await limiter.check('a');
    clock.advanceSync(400);

    const { limits } = await limiter.check('a');

    expect(limits.user).toMatchObject({ remaining: 0, retryAfterMs: 600, resetMs: 1_000 });
  });

  it('frees what was spent exactly one window later', async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 1, windowMs: 500 } }, clock });
    await limiter.check('a');

    clock.advanceSync(499);
    expect((await limiter.check('a')).allowed).toBe(false);
    clock.advanceSync(1);
    expect((await limiter.check('a')).allowed).toBe(true);
  });

  it('counts over a window of 30 days', async () => {
    const clock = new ManualClock();
    const windowMs = 30 * 24 * 3_600_000;
    const limiter = new RateLimiter({ limits: { user: { limit: 1, windowMs } }, clock });
    await limiter.check('a');

    clock.advanceSync(windowMs - 1);

    expect(await limiter.check('a')).toMatchObject({ allowed: false, retryAfterMs: 1 });
  });

  it('charges a saturated caller at most one cell of the window too long', async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 100, windowMs: 3_200 } }, clock });
    let admitted = 0;
    await repeat(32_000, async () => {
      clock.advanceSync(1);
      if ((await limiter.check('a')).allowed) admitted += 1;
    });

    expect(admitted).toBeGreaterThanOrEqual(970);
    expect(admitted).toBeLessThanOrEqual(1_000);
  });

  it('lets a call pass to which no limit applies', async () => {
    const limiter = new RateLimiter({ limits: { rare: { limit: 1, windowMs: 10, tag: 'rare' } } });

    expect(await limiter.check('a')).toMatchObject({ allowed: true, binding: undefined, limits: {} });
  });

  it('takes any subject, or none, when all limits are global', async () => {
    const limiter = new RateLimiter({
      limits: { all: { limit: 2, windowMs: minute, by: 'global', tag: 'x' } },
    });

    expect((await limiter.check({}, { tags: ['x'] })).allowed).toBe(true);
    expect((await limiter.check('anybody', { tags: ['x'] })).allowed).toBe(true);
    expect((await limiter.check({}, { tags: ['x'] })).allowed).toBe(false);
  });

  it('applies a tagged limit to a text subject wherever the limit stands', async () => {
    const limits = {
      all: { limit: 9, windowMs: minute, by: 'global', tag: 'x' },
      user: { limit: 1, windowMs: minute, by: 'user' },
    } as const;
    const limiter = new RateLimiter({ limits });

    expect((await limiter.check('a')).limits).toEqual({ user: expect.objectContaining({ remaining: 0 }) });
    expect((await limiter.check('b', { tags: ['x'] })).limits).toHaveProperty('all');
  });

  it('keeps limiters of other names apart in one store', async () => {
    const store = new MemoryStore();
    const limits = { user: { limit: 1, windowMs: minute } };
    await new RateLimiter({ name: 'one', limits, store }).check('a');

    expect((await new RateLimiter({ name: 'two', limits, store }).check('a')).allowed).toBe(true);
  });

  it.each<[string, unknown, string]>([
    ['an empty one', '', 'subject must be a string of 1 to 512 characters'],
    ['a giant one', 'x'.repeat(513), 'subject must be a string of 1 to 512 characters'],
    ['a missing one', undefined, 'subject must be a string or an object'],
    ['null', null, 'subject must be a string or an object'],
    ['an object without a subject', {}, "subject must be an object that names 'user'"],
    ['an object of undefined', { user: undefined }, "subject must be an object that names 'user'"],
    ['an unknown scope', { usr: 'a' }, "subject must be an object that names 'user'"],
    ['an empty scope', { user: '' }, 'subject.user must be a string of 1 to 512 characters'],
  ])('rejects a wrong subject: %s', async (_, subject, message) => {
    const limiter = new RateLimiter({ limits: { user: { limit: 1, windowMs: 1, by: 'user' } } });

    const checked = limiter.check(subject as string);

    await expect(checked).rejects.toThrow(message);
    await expect(checked).rejects.toBeInstanceOf(InvalidOptionError);
  });

  it('charges who called, also where the factor asks about somebody else', () => {
    const limits = { user: { limit: 5, windowMs: 60_000, minFactor: 0.5 } };
    let asks = true;
    const limiter: RateLimiter<typeof limits> = new RateLimiter({
      limits,
      factor: () => {
        if (asks) {
          asks = false;
          limiter.checkSync('bob', { cost: 0 });
        }
        return 1;
      },
    });
    limiter.checkSync('alice', { cost: 2 });

    expect(limiter.checkSync('alice', { cost: 0 }).limits.user?.remaining).toBe(3);
    expect(limiter.checkSync('bob', { cost: 0 }).limits.user?.remaining).toBe(5);
  });

  it('rejects a text subject when the limits count by several scopes', async () => {
    await expect(new RateLimiter({ limits: layers }).check('alice')).rejects.toThrow(
      "subject must be an object that names 'user', 'ip', got 'alice'",
    );
  });

  it.each([-1, 1.5, Number.NaN, '1'])('rejects cost %j', async (cost) => {
    const limiter = new RateLimiter({ limits: { user: { limit: 1, windowMs: 1 } } });

    await expect(limiter.check('a', { cost: cost as number })).rejects.toThrow('cost must be a whole number');
  });

  it('counts what it decided', async () => {
    const limiter = new RateLimiter({ name: 'api', limits: layers, clock: new ManualClock() });
    await repeat(12, () => limiter.check(alice, { tags: ['learning'] }));

    expect(limiter.name).toBe('api');
    expect(limiter.statistics()).toEqual({
      component: 'rate-limiter',
      decisions: { allowed: 10, rejected: 2, local: 0, blocked: 0 },
      rejections: { user: 0, expensive: 0, learning: 2, ip: 0, global: 0 },
      shadowed: { user: 0, expensive: 0, learning: 0, ip: 0, global: 0 },
      storeErrors: 0,
      trackedSubjects: 2,
    });
  });

  it('tells of each refusal', async () => {
    const limiter = new RateLimiter({
      name: 'api',
      limits: { user: { limit: 1, windowMs: 100 } },
      clock: new ManualClock(),
    });
    const events: RateLimiterEvent<'user'>[] = [];
    limiter.events.subscribe((event) => events.push(event));
    await repeat(2, () => limiter.check('alice'));

    expect(events).toEqual([
      {
        type: 'rejected',
        limiter: 'api',
        subject: 'alice',
        binding: 'user',
        violated: ['user'],
        blocked: false,
        retryAfterMs: 100,
        source: 'memory',
      },
    ]);
  });
});

describe('RateLimiter.execute', () => {
  const limits = { user: { limit: 1, windowMs: minute } };

  it('runs the operation and passes its result and its error through', async () => {
    const limiter = new RateLimiter({ limits });
    const broken = new Error('broken');

    expect(await limiter.execute(({ attempt }) => attempt, { key: 'a' })).toBe(0);
    await expect(limiter.execute(() => Promise.reject(broken), { key: 'b' })).rejects.toBe(broken);
  });

  it('throws RateLimitedError without running the operation', async () => {
    const limiter = new RateLimiter({ name: 'api', limits, clock: new ManualClock() });
    let runs = 0;
    const run = (): Promise<unknown> => limiter.execute(() => (runs += 1), { key: 'a' });
    await run();

    const error = await run().catch((thrown: unknown) => thrown);

    expect(runs).toBe(1);
    expect(error).toBeInstanceOf(RateLimitedError);
    expect(error).toMatchObject({
      code: 'ERR_RATE_LIMITED',
      policy: 'api',
      limit: 'user',
      violated: ['user'],
      retryAfterMs: minute,
      message: "api refused the call: limit 'user' is used up",
    });
  });

  it('tells no wait when none would help', async () => {
    const limiter = new RateLimiter({ limits });

    await expect(limiter.execute(() => 1, { cost: 2 })).rejects.toMatchObject({ retryAfterMs: undefined });
  });

  it('charges the key, else the tenant, else the limiter’s name', async () => {
    const limiter = new RateLimiter({ name: 'api', limits });
    await limiter.execute(() => 1, { key: 'k', tenant: 't' });
    await limiter.execute(() => 1, { tenant: 't' });
    await limiter.execute(() => 1);

    for (const subject of ['k', 't', 'api']) expect((await limiter.check(subject)).allowed).toBe(false);
  });

  it('charges whom subjectOf names, with the cost and the tags of the call', async () => {
    const limiter = new RateLimiter({ limits: layers, subjectOf: (call) => ({ user: call?.tenant }) });

    await limiter.execute(() => 1, { tenant: 'alice', cost: 3, tags: ['learning'] });

    expect((await limiter.check(alice, { cost: 0, tags: ['learning'] })).limits.learning?.remaining).toBe(7);
  });

  it('rejects with the signal’s reason and charges nothing when cancelled before', async () => {
    const limiter = new RateLimiter({ limits });
    const signal = AbortSignal.abort(new Error('gone'));

    await expect(limiter.execute(() => 1, { signal, key: 'a' })).rejects.toThrow('gone');
    expect((await limiter.check('a')).allowed).toBe(true);
  });

  it('does not run what is cancelled while it is decided about, or in the turn of the decision', async () => {
    const gone = new Error('gone');
    const controllers = [new AbortController(), new AbortController()] as const;
    const named = new RateLimiter({
      limits,
      subjectOf: () => {
        controllers[0].abort(gone);
        return 'a';
      },
    });
    let answer: (verdict: Verdict) => void = () => undefined;
    const store = fixedStore(() => new Promise((resolve) => (answer = resolve)));
    let runs = 0;

    const early = named.execute(() => (runs += 1), { signal: controllers[0].signal });
    await expect(early).rejects.toBe(gone);
    const late = new RateLimiter({ limits, store }).execute(() => (runs += 1), {
      signal: controllers[1].signal,
    });
    answer({ source: 'redis', readings: [0, 0, minute, minute], blockedMs: 0, chargedAt: 1 });
    queueMicrotask(() => queueMicrotask(() => controllers[1].abort(gone)));

    await expect(late).rejects.toBe(gone);
    expect(runs).toBe(0);
  });

  it('stops waiting for the store when cancelled, and leaves no listener', async () => {
    const never = fixedStore(() => new Promise(() => undefined));
    const limiter = new RateLimiter({ limits, store: never });
    const controller = new AbortController();
    const running = limiter.execute(() => 1, { signal: controller.signal });

    controller.abort(new Error('gone'));

    await expect(running).rejects.toThrow('gone');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('leaves no listener after a store decided in time', async () => {
    const late = fixedStore(async () => ({
      source: 'redis',
      readings: [0, 1, 0, 0],
      blockedMs: 0,
      chargedAt: 1,
    }));
    const { signal } = new AbortController();

    expect(await new RateLimiter({ limits, store: late }).execute(() => 'ran', { signal })).toBe('ran');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
