import { AsyncLocalStorage } from 'node:async_hooks';
import type { Operation } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { Dedupe, type DedupeEvent, keyOf, type KeyPart } from '@holdfast/dedupe';
import { describe, expect, it } from 'vitest';

const failure = new Error('thrown');

// oxlint-disable unicorn/no-thenable -- what operations may return
const answersTwice = {
  then(resolve: (value: string) => void, reject: (error: unknown) => void): never {
    resolve('first answer');
    reject(failure);
    throw failure;
  },
} as unknown as PromiseLike<string>;
const throwsWhenRead = Object.defineProperty({}, 'then', {
  get() {
    throw failure;
  },
}) as PromiseLike<string>;
const hidesThen = Object.assign(Promise.resolve('value'), {
  then: (): never => {
    throw failure;
  },
});
const hidesConstructor = Object.defineProperty(Promise.resolve('value'), 'constructor', {
  get() {
    throw failure;
  },
});
class OwnPromise<T> extends Promise<T> {}
// oxlint-enable unicorn/no-thenable

describe('DD-11: whatever an operation does settles every caller and frees the key', () => {
  const value = (of: string | undefined): PromiseSettledResult<unknown> => ({
    status: 'fulfilled',
    value: of,
  });
  const rejected: PromiseSettledResult<unknown> = { status: 'rejected', reason: failure };

  it.each<[string, Operation<unknown>, PromiseSettledResult<unknown>]>([
    ['returns a plain value', () => 'value', value('value')],
    ['returns nothing', () => undefined, value(undefined)],
    ['returns a promise of a class of its own', () => OwnPromise.resolve('value'), value('value')],
    ['returns a thenable that answers twice', () => answersTwice, value('first answer')],
    ['returns a thenable that cannot be read', () => throwsWhenRead, rejected],
    ['returns a promise that hides its then', () => hidesThen, value('value')],
    ['returns a promise that hides its constructor', () => hidesConstructor, rejected],
    [
      'throws',
      (): string => {
        throw failure;
      },
      rejected,
    ],
  ])('%s', async (_, operation, expected) => {
    const dedupe = new Dedupe();
    const { signal } = new AbortController();

    const outcomes = await Promise.allSettled([
      dedupe.run('a', operation),
      dedupe.run('a', operation, { signal }),
      dedupe.run('b', operation, { signal }),
    ]);

    expect(outcomes).toEqual([expected, expected, expected]);
    expect(dedupe.inFlight).toBe(0);
  });
});

describe('DD-12: an operation that calls for its own key', () => {
  const recognising = (): { dedupe: Dedupe; events: DedupeEvent[] } => {
    const dedupe = new Dedupe({ asyncContext: new AsyncLocalStorage() });
    const events: DedupeEvent[] = [];
    dedupe.events.subscribe((event) => events.push(event));
    return { dedupe, events };
  };

  it('is recognised before its first await', async () => {
    const dedupe = new Dedupe();

    const value = await dedupe.run('a', () =>
      dedupe.run('a', () => 'inner').then((inner) => `${inner}, outer`),
    );

    expect(value).toBe('inner, outer');
    expect(dedupe.statistics()).toMatchObject({
      calls: { leader: 2, follower: 0 },
      inFlight: 0,
      reentered: 1,
    });
  });

  it('is recognised at any time with an async context, and told of', async () => {
    const { dedupe, events } = recognising();

    const value = await dedupe.run('a', async () => {
      await settle();
      return `${await dedupe.run('a', () => 'inner')}, outer`;
    });

    expect(value).toBe('inner, outer');
    expect(events).toEqual([{ type: 'reentered', policy: 'dedupe', key: 'a' }]);
    expect(dedupe.inFlight).toBe(0);
  });

  it('is recognised through flights of other keys', async () => {
    const { dedupe } = recognising();

    const value = await dedupe.run('a', async () => {
      await settle();
      return dedupe.run('b', async () => {
        await settle();
        return dedupe.run('a', () => 'innermost');
      });
    });

    expect(value).toBe('innermost');
    expect(dedupe.statistics().reentered).toBe(1);
  });

  it('does not take others for itself: they join', async () => {
    const { dedupe } = recognising();
    const { promise, resolve } = Promise.withResolvers<string>();

    const calls = [dedupe.run('a', () => promise), dedupe.run('a', () => 'not called')];
    await settle();
    calls.push(dedupe.run('b', async () => dedupe.run('a', () => 'not called')));
    resolve('value');

    expect(await Promise.all(calls)).toEqual(['value', 'value', 'value']);
    expect(dedupe.statistics().reentered).toBe(0);
  });

  it('does not take what it has left running for itself once it has ended', async () => {
    const { dedupe } = recognising();
    const later = Promise.withResolvers<string>();
    const outer = Promise.withResolvers<Promise<string>[]>();

    await dedupe.run('a', async () => {
      void dedupe.run('b', async () => {
        await settle();
        await settle();
        const first = dedupe.run('a', () => later.promise);
        outer.resolve([first, dedupe.run('a', () => 'not called')]);
      });
    });
    const calls = outer.promise;
    const both = await calls.then((pair) => {
      later.resolve('shared');
      return Promise.all(pair);
    });

    expect(both).toEqual(['shared', 'shared']);
  });
});

describe('DD-14: a call made when the outcome is known, but not yet by all', () => {
  it.each([
    ['value', () => 'first'],
    [
      'failure',
      (): never => {
        throw failure;
      },
    ],
  ])('starts afresh after a %s', async (_, first) => {
    const dedupe = new Dedupe();
    const seen: unknown[] = [];
    const again = (): Promise<void> => dedupe.run('a', () => 'second').then((value) => void seen.push(value));
    const operation = async (): Promise<string> => {
      await settle();
      return first();
    };

    await Promise.all(Array.from({ length: 3 }, () => dedupe.run('a', operation).then(again, again)));

    expect(seen).toEqual(['second', 'second', 'second']);
    expect(dedupe.statistics().calls.leader).toBe(2);
  });
});

describe('DD-09: what remains of the time of an operation', () => {
  it('is that of the caller that waits longest, and grows with each that waits longer', async () => {
    const clock = new ManualClock();
    const dedupe = new Dedupe({ clock });
    const { promise, resolve } = Promise.withResolvers<void>();
    let remainingMs = (): number => NaN;
    const join = (deadlineMs?: number): void =>
      void dedupe
        .run(
          'a',
          (context) => {
            remainingMs = () => context.remainingMs();
            return promise;
          },
          { deadlineMs },
        )
        .catch(() => {});
    const seen: number[] = [];
    const look = (): void => void seen.push(remainingMs());

    join(100);
    look();
    await clock.advance(30);
    look();
    join(50);
    look();
    join(500);
    look();
    join();
    look();
    resolve();
    await settle();

    expect(seen).toEqual([100, 70, 70, 500, Infinity]);
  });

  it('includes the time that it lingers, and has no end where it goes on anyway', async () => {
    const remaining = (abandon: 'continue' | { lingerMs: number }): Promise<number> =>
      new Dedupe({ abandon, clock: new ManualClock() }).run('a', (context) => context.remainingMs(), {
        deadlineMs: 100,
      });

    expect([await remaining({ lingerMs: 20 }), await remaining('continue')]).toEqual([120, Infinity]);
  });
});

describe('DD-16: keys of several parts', () => {
  it.each<[readonly KeyPart[], readonly KeyPart[]]>([
    [
      ['a', 'b:c'],
      ['a:b', 'c'],
    ],
    [['ab'], ['a', 'b']],
    [['a', ''], ['a']],
    [[''], []],
    [[0], [-0]],
    [[1], ['1']],
    [[1], [1n]],
    [[1, 2], [12]],
    [[undefined], ['undefined']],
    [[null], ['null']],
    [[null], [undefined]],
    [[true], ['true']],
    [[NaN], ['NaN']],
    [['s1:a'], ['a']],
  ])('%o is not %o', (left, right) => {
    expect(keyOf(...left)).not.toBe(keyOf(...right));
  });

  it('gives equal parts equal keys, NaN included', () => {
    expect(keyOf('user', 42, NaN, null)).toBe(keyOf('user', 42, NaN, null));
  });
});
