import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Debts } from '../../src/redis/debts.ts';
import { ruleOf } from './support/rules.ts';

const group = { scope: 'user', rules: [ruleOf()] };
const dear = { scope: 'user', rules: [ruleOf({ name: 'dear', index: 1 })] };
const both = { scope: 'user', rules: [...group.rules, ...dear.rules] };

describe('Debts', () => {
  it('hands out what is owed, once', () => {
    const debts = new Debts(10);
    debts.add(group, 'alice', 2, 0);
    debts.add(group, 'alice', 3, 5);
    debts.add(dear, 'alice', 1, 5);

    expect(debts.take(10, 10).map(({ cost }) => cost)).toEqual([5, 1]);
    expect(debts.size).toBe(0);
    expect(debts.take(10, 10)).toEqual([]);
  });

  it('forgets what does not count any more', () => {
    const debts = new Debts(10);
    debts.add(group, 'alice', 2, 0);
    debts.add(group, 'bob', 2, 500);

    expect(debts.take(10, 1_000).map(({ subject }) => subject)).toEqual(['bob']);
  });

  it('takes back no more than is owed, and says what is left', () => {
    const debts = new Debts(10);
    debts.add(group, 'alice', 4, 0);

    expect(debts.change(group, 'alice', -3)).toEqual([]);
    expect(debts.change(group, 'alice', -3)).toEqual([{ group, subject: 'alice', cost: -2 }]);
    expect(debts.change(group, 'bob', -3)).toEqual([{ group, subject: 'bob', cost: -3 }]);
  });

  it('takes back under the rules of the charge only', () => {
    const debts = new Debts(10);
    debts.add(group, 'alice', 1, 0);
    debts.add(both, 'alice', 1, 0);

    expect(debts.change(both, 'alice', -1)).toEqual([]);
    expect(debts.take(10, 0)).toEqual([{ group, subject: 'alice', cost: 1 }]);
  });

  it('owes a subject what it gets back beyond its debt', () => {
    const debts = new Debts(10);
    debts.add(group, 'alice', -2, 0);
    debts.add(group, 'bob', 2, 0);
    debts.add(group, 'bob', -2, 0);

    expect(debts.take(10, 0)).toMatchObject([{ subject: 'alice', cost: -2 }]);
  });

  it('raises a debt, if that is what it is asked for', () => {
    const debts = new Debts(10);
    debts.add(group, 'alice', 2, 0);

    expect(debts.change(group, 'alice', 3)).toEqual([]);
    expect(debts.take(10, 0)).toMatchObject([{ cost: 5 }]);
  });

  it('hands out a few at a time', () => {
    const debts = new Debts(10);
    for (const subject of ['a', 'b', 'c']) debts.add(group, subject, 1, 0);

    expect(debts.take(2, 0)).toHaveLength(2);
    expect(debts.size).toBe(1);
    expect(debts.take(2, 0)).toHaveLength(1);
  });

  it('forgives a subject everything in a scope', () => {
    const debts = new Debts(10);
    debts.add(group, 'alice', 2, 0);
    debts.add(dear, 'alice', 2, 0);
    debts.add(group, 'bob', 2, 0);

    debts.forgive('user', 'alice', undefined);

    expect(debts.take(10, 0).map(({ subject }) => subject)).toEqual(['bob']);
  });

  it('forgives a subject what it owes under some rules', () => {
    const debts = new Debts(10);
    debts.add(both, 'alice', 2, 0);

    debts.forgive('user', 'alice', dear.rules);

    expect(debts.take(10, 0)).toEqual([{ group, subject: 'alice', cost: 2 }]);
  });

  it('16.4 local maps: never holds more than it may', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.tuple(fc.nat(9), fc.nat(1))),
        (most, charges) => {
          const debts = new Debts(most);
          for (const [subject, which] of charges) {
            debts.add(which === 0 ? group : dear, `${subject}`, 1, 0);
            expect(debts.size).toBeLessThanOrEqual(most);
          }
          const subjects = debts.take(100, 0).map(({ subject }) => subject);
          expect(new Set(subjects).size).toBeLessThanOrEqual(most);
          expect(debts.size).toBe(0);
        },
      ),
    );
  });
});
