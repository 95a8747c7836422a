import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Orders } from '../../src/redis/orders.ts';
import { ruleOf } from './support/rules.ts';

const [user, dear] = [ruleOf(), ruleOf({ name: 'dear', index: 1 })];

describe('Orders', () => {
  it('keeps the longest block, until one is ended', () => {
    const orders = new Orders(10);
    orders.block('user', 'alice', 500, 0);
    orders.block('user', 'alice', 100, 10);
    expect(orders.take(10)).toMatchObject([{ unblocks: false, blockedUntil: 500 }]);

    orders.block('user', 'alice', 500, 0);
    orders.block('user', 'alice', 0, 10);
    orders.block('user', 'alice', 100, 20);
    expect(orders.take(10)).toMatchObject([{ unblocks: true, blockedUntil: 120 }]);
  });

  it('forgets blocks with all the rest, and collects limits', () => {
    const orders = new Orders(10);
    orders.block('user', 'alice', 500, 0);
    orders.reset('user', 'alice', [user]);
    orders.reset('user', 'alice', [dear]);
    expect(orders.take(10)).toMatchObject([{ resets: new Set([user, dear]), blockedUntil: 500 }]);

    orders.block('user', 'alice', 500, 0);
    orders.reset('user', 'alice', undefined);
    orders.reset('user', 'alice', [user]);
    expect(orders.take(10)).toMatchObject([{ resets: 'all', blockedUntil: 0 }]);
  });

  it('hands out a few at a time, once', () => {
    const orders = new Orders(10);
    for (const subject of ['a', 'b', 'c']) orders.block('user', subject, 1, 0);

    expect(orders.take(2).map(({ subject }) => subject)).toEqual(['a', 'b']);
    expect([orders.has('user', 'b'), orders.has('user', 'c')]).toEqual([false, true]);
    expect(orders.take(2).map(({ subject }) => subject)).toEqual(['c']);
  });

  it('16.4 local maps: never holds more than it may', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(9)), (most, subjects) => {
        const orders = new Orders(most);
        for (const subject of subjects) {
          orders.block('user', `${subject}`, 1, 0);
          expect(orders.size).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});
