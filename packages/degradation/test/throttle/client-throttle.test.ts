import { isHoldfastError } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import {
  ClientThrottle,
  type ClientThrottleOptions,
  isOverload,
  ThrottledError,
} from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';

const overloaded = Object.assign(new Error('overloaded'), { status: 503 });

/** A throttle whose lots a test draws; 1 sends everything. */
class Caller {
  readonly clock = new ManualClock();
  readonly throttle: ClientThrottle;
  drawn = 1;

  constructor(options: ClientThrottleOptions = {}) {
    this.throttle = new ClientThrottle({ clock: this.clock, random: () => this.drawn, ...options });
  }

  get ratio(): number {
    return this.throttle.statistics().heldBackRatio;
  }

  async call(times: number, outcome: () => unknown): Promise<void> {
    for (let i = 0; i < times; i += 1)
      await this.throttle.execute(async () => outcome()).catch(() => undefined);
  }

  refuse = (): never => {
    throw overloaded;
  };
}

describe('ClientThrottle', () => {
  it('holds nothing back while at least half is taken on', async () => {
    const caller = new Caller();
    await caller.call(50, caller.refuse);
    await caller.call(50, () => 'answer');

    expect(caller.ratio).toBe(0);
    expect(caller.throttle.statistics().calls).toEqual({ accepted: 50, refused: 50, heldBack: 0 });
  });

  it.each([
    [{}, 25, (100 - 2 * 25) / 101],
    [{ multiplier: 1.1 }, 50, (100 - 1.1 * 50) / 101],
    [{}, 0, 0.9],
    [{ maxRatio: 0.5 }, 0, 0.5],
  ])('holds back by the formula with %j and %i of 100 taken on', async (options, accepted, expected) => {
    const caller = new Caller(options);
    await caller.call(accepted, () => 'answer');
    await caller.call(100 - accepted, caller.refuse);

    expect(caller.ratio).toBeCloseTo(expected, 10);
  });

  it('sends whatever comes before anything was refused, one after the other or all at once', async () => {
    const caller = new Caller();
    caller.drawn = 0;
    await caller.call(1, () => 'first');
    const { promise, resolve } = Promise.withResolvers<void>();
    const together = Array.from({ length: 50 }, () => caller.throttle.execute(() => promise));
    resolve();
    await Promise.all(together);

    expect(caller.throttle.statistics().calls).toEqual({ accepted: 51, refused: 0, heldBack: 0 });
  });

  it('does not send what it holds back, and says so', async () => {
    const caller = new Caller({ name: 'search' });
    await caller.call(100, caller.refuse);
    caller.drawn = 0.89;
    let sent = 0;

    const error = await caller.throttle.execute(() => (sent += 1)).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ThrottledError);
    expect(isHoldfastError(error, 'ERR_THROTTLED')).toBe(true);
    expect(error).toMatchObject({ policy: 'search' });
    expect(sent).toBe(0);
    caller.drawn = 0.91;
    expect(await caller.throttle.execute(() => 'sent')).toBe('sent');
  });

  it('counts what it held back, so that it does not forget while nothing is sent', async () => {
    const caller = new Caller();
    await caller.call(100, caller.refuse);
    caller.drawn = 0;
    await caller.call(100, () => 'answer');

    expect(caller.ratio).toBe(0.9);
    expect(caller.throttle.statistics().calls).toMatchObject({ heldBack: 100, accepted: 0 });
  });

  it('lets more through as the dependency recovers', async () => {
    const caller = new Caller();
    await caller.call(100, caller.refuse);
    const ratios: number[] = [];
    for (let i = 0; i < 10; i += 1) {
      await caller.call(20, () => 'answer');
      ratios.push(caller.ratio);
    }

    expect(ratios.toSorted((a, b) => b - a)).toEqual(ratios);
    expect(ratios.at(-1)).toBe(0);
  });

  it('forgets after windowMs, without a timer', async () => {
    const caller = new Caller({ windowMs: 60_000 });
    await caller.call(100, caller.refuse);
    expect(caller.clock.pending()).toBe(0);
    caller.clock.advanceSync(54_000);
    await caller.call(1, caller.refuse);
    expect(caller.ratio).toBe(0.9);

    caller.clock.advanceSync(6_000);
    await caller.call(1, () => 'answer');
    expect(caller.ratio).toBe(0);
    await caller.call(100, caller.refuse);
    caller.clock.advanceSync(600_000);

    expect(caller.ratio).toBe(0);
  });

  it('takes an error that tells of no overload for an answer', async () => {
    const caller = new Caller();
    const broken = Object.assign(new Error('not found'), { status: 404 });

    await expect(caller.throttle.execute(() => Promise.reject(broken))).rejects.toBe(broken);
    expect(caller.throttle.statistics().calls).toMatchObject({ accepted: 1, refused: 0 });
  });

  it('goes by isRefusal where it is given', async () => {
    const caller = new Caller({ isRefusal: (error) => error === 'busy' });
    await expect(caller.throttle.execute(() => Promise.reject('busy'))).rejects.toBe('busy');

    expect(caller.throttle.statistics().calls).toMatchObject({ accepted: 0, refused: 1 });
  });

  it('takes a call that its caller cancels for no answer, but a refusal for one', async () => {
    const caller = new Caller();
    const controller = new AbortController();
    const { signal } = controller;
    const gone = Promise.withResolvers<never>();
    const refused = Promise.withResolvers<never>();
    const answered = Promise.withResolvers<string>();
    const calls = [gone, refused, answered].map(({ promise }) =>
      caller.throttle.execute<unknown>(() => promise, { signal }),
    );
    controller.abort(new Error('gone'));
    gone.reject(signal.reason);
    refused.reject(overloaded);
    answered.resolve('answer');
    const outcomes = await Promise.allSettled(calls);

    expect(outcomes).toMatchObject([{ reason: signal.reason }, { reason: overloaded }, { value: 'answer' }]);
    expect(caller.throttle.statistics().calls).toEqual({ accepted: 1, refused: 1, heldBack: 0 });
  });

  it('rejects with the reason of a cancelled call, and does not count it', async () => {
    const caller = new Caller();
    const signal = AbortSignal.abort(new Error('gone'));

    await expect(caller.throttle.execute(() => 1, { signal })).rejects.toThrow('gone');
    expect(caller.throttle.statistics().calls).toEqual({ accepted: 0, refused: 0, heldBack: 0 });
  });

  it.each<[object, string]>([
    [{ name: '' }, 'name must be'],
    [{ multiplier: 0.5 }, 'multiplier must be a finite number of at least 1, got 0.5'],
    [{ maxRatio: 0 }, 'maxRatio must be a number over 0, up to 1, got 0'],
    [{ windowMs: 0 }, 'windowMs must be'],
    [{ buckets: 101 }, 'buckets must be a whole number from 1 to 100, got 101'],
    [{ isRefusal: 1 }, 'isRefusal must be a function'],
    [{ random: 1 }, 'random must be a function'],
    [{ clock: {} }, 'clock must be'],
  ])('refuses %j', (options, message) => {
    expect(() => new ClientThrottle(options)).toThrow(message);
  });
});

describe('isOverload', () => {
  it.each([
    [{ status: 503 }, true],
    [{ statusCode: 429 }, true],
    [{ code: 'ERR_DEADLINE_EXCEEDED' }, true],
    [{ code: 'ERR_TIMEOUT' }, true],
    [{ status: 500 }, false],
    [{ code: 'ERR_CIRCUIT_OPEN' }, false],
    ['503', false],
    [undefined, false],
    [null, false],
  ])('says of %j: %s', (error, expected) => {
    expect(isOverload(error)).toBe(expected);
  });
});
