import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

describe('Permit', () => {
  it('counts the first report only', () => {
    const breaker = new CircuitBreaker();
    const permit = breaker.tryAcquire();

    permit?.success();
    permit?.failure();
    permit?.fulfilled('value');
    permit?.[Symbol.dispose]();

    expect(breaker.statistics().calls).toMatchObject({ success: 1, failure: 0, ignored: 0 });
  });

  it('is ignored when it leaves its scope unreported', () => {
    const breaker = new CircuitBreaker();
    {
      using permit = breaker.tryAcquire();
      expect(permit).toBeDefined();
    }

    expect(breaker.statistics().calls.ignored).toBe(1);
  });

  it('is used again once it was disposed, and not before', () => {
    const breaker = new CircuitBreaker();
    const first = breaker.tryAcquire();
    first?.success();

    const second = breaker.tryAcquire();
    expect(second).not.toBe(first);
    first?.[Symbol.dispose]();

    expect(breaker.tryAcquire()).toBe(first);
  });

  it('is given back once, however often it is disposed', () => {
    const breaker = new CircuitBreaker();
    const permit = breaker.tryAcquire();

    permit?.[Symbol.dispose]();
    permit?.[Symbol.dispose]();

    expect(breaker.tryAcquire()).not.toBe(breaker.tryAcquire());
    expect(breaker.statistics().calls.ignored).toBe(1);
  });

  it('keeps some for later, not all that ever were', () => {
    const breaker = new CircuitBreaker();
    const many = Array.from({ length: 100 }, () => breaker.tryAcquire());
    for (const permit of many) permit?.[Symbol.dispose]();

    const again = new Set(Array.from({ length: 100 }, () => breaker.tryAcquire()));
    for (const permit of again) permit?.[Symbol.dispose]();
    const once = Array.from({ length: 100 }, () => breaker.tryAcquire());

    expect(many.filter((permit) => again.has(permit))).toHaveLength(16);
    expect(once.filter((permit) => again.has(permit))).toHaveLength(16);
  });

  it('settles as execute would, and gives itself back', () => {
    const breaker = new CircuitBreaker({
      classify: (outcome) =>
        outcome.status === 'fulfilled' && outcome.value === 503 ? 'failure' : undefined,
    });

    breaker.tryAcquire()?.fulfilled(200);
    breaker.tryAcquire()?.fulfilled(503);
    breaker.tryAcquire()?.rejected(new Error('down'));
    breaker.tryAcquire()?.rejected(new Error('gone'), true);
    const permit = breaker.tryAcquire();
    permit?.fulfilled(200);

    expect(breaker.statistics().calls).toMatchObject({ success: 2, failure: 2, ignored: 1 });
    expect(breaker.tryAcquire()).toBe(permit);
  });

  it('is given back by an error too', () => {
    const breaker = new CircuitBreaker();
    const permit = breaker.tryAcquire();

    permit?.rejected(new Error('down'));

    expect(breaker.tryAcquire()).toBe(permit);
  });

  it('is ignored and given back when classify throws', () => {
    const breaker = new CircuitBreaker({
      classify: () => {
        throw new Error('bug');
      },
    });
    const permit = breaker.tryAcquire();

    expect(() => permit?.fulfilled(1)).toThrow('bug');
    expect(breaker.tryAcquire()).toBe(permit);
    expect(() => permit?.rejected(1)).toThrow('bug');

    expect(breaker.statistics().calls).toMatchObject({ success: 0, failure: 0, ignored: 2 });
  });

  it('counts a cancelled call that was slow', () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ window: { calls: 1 }, slow: { afterMs: 10, ratio: 1 }, clock });
    const permit = breaker.tryAcquire();
    clock.advanceSync(10);

    permit?.rejected(new Error('gone'), true);

    expect(breaker.statistics()).toMatchObject({ state: 'open', slowCalls: 1, calls: { ignored: 1 } });
  });

  it('tells the calls under way apart though permits are used again', () => {
    const clock = new ManualClock();
    const slow = { afterMs: 10, ratio: 0.6 };
    const breaker = new CircuitBreaker({ window: { calls: 4 }, minCalls: 2, slow, clock });
    const [first, second] = [breaker.tryAcquire(), breaker.tryAcquire()];
    clock.advanceSync(9);
    second?.fulfilled(1);
    const third = breaker.tryAcquire();
    expect(third).toBe(second);
    clock.advanceSync(1);

    const fourth = breaker.tryAcquire();
    first?.fulfilled(1);
    third?.fulfilled(1);
    fourth?.fulfilled(1);

    expect(breaker.statistics()).toMatchObject({ state: 'closed', windowCalls: 4, slowCalls: 1 });
  });

  it('is on time again when it is used again after it was overdue', () => {
    const clock = new ManualClock();
    const slow = { afterMs: 10, ratio: 0.7 };
    const breaker = new CircuitBreaker({ window: { calls: 2 }, slow, clock });
    const first = breaker.tryAcquire();
    clock.advanceSync(10);
    breaker.tryAcquire();
    first?.fulfilled(1);
    const again = breaker.tryAcquire();
    expect(again).toBe(first);
    again?.fulfilled(1);
    breaker.tryAcquire();
    clock.advanceSync(10);

    // Two of two under way are overdue, and one of two in the window was slow.
    breaker.tryAcquire();

    expect(breaker.state).toBe('open');
  });

  it('brings nothing of an earlier stay along when it is used again', () => {
    const clock = new ManualClock();
    const slow = { afterMs: 10, ratio: 0.6 };
    const breaker = new CircuitBreaker({ window: { calls: 3 }, minCalls: 2, slow, clock });
    const first = breaker.tryAcquire();
    clock.advanceSync(10);
    breaker.tryAcquire();
    breaker.reset();
    first?.fulfilled(1);
    const again = breaker.tryAcquire();
    expect(again).toBe(first);
    again?.fulfilled(1);
    breaker.tryAcquire();
    breaker.tryAcquire();
    clock.advanceSync(10);

    // Two under way are overdue, and one in the window was not.
    breaker.tryAcquire();

    expect(breaker.state).toBe('open');
  });

  it('is not slow when it is disposed unreported, however late', () => {
    const clock = new ManualClock();
    const slow = { afterMs: 10, ratio: 1 };
    const breaker = new CircuitBreaker({ window: { calls: 1 }, slow, clock });
    const permit = breaker.tryAcquire();
    clock.advanceSync(10);

    permit?.[Symbol.dispose]();

    expect(breaker.statistics()).toMatchObject({ state: 'closed', slowCalls: 0, calls: { ignored: 1 } });
  });

  it('is not slow when classify throws, however late', () => {
    const clock = new ManualClock();
    const slow = { afterMs: 10, ratio: 1 };
    const classify = (): never => {
      throw new Error('bug');
    };
    const breaker = new CircuitBreaker({ window: { calls: 1 }, slow, classify, clock });
    const permit = breaker.tryAcquire();
    clock.advanceSync(10);

    expect(() => permit?.fulfilled(1)).toThrow('bug');

    expect(breaker.statistics()).toMatchObject({ state: 'closed', slowCalls: 0, calls: { ignored: 1 } });
  });
});
