import { degradable } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';
import { Bench } from './support/bench.ts';

const features = [{ name: 'suggestions' }] as const;
/** What a compiler makes of `@decorator`: the method goes in, and what comes out takes its place. */
const context = { kind: 'method', name: 'suggest' } as ClassMethodDecoratorContext;

describe('degradable', () => {
  it('runs the fallback in place of the method while the feature is off, with the same this and parameters', () => {
    const bench = new Bench({ features });
    interface Shop {
      readonly best: string;
    }
    const decorate = degradable(bench.degradation, 'suggestions', {
      fallback(this: Shop, user: string) {
        return [this.best, user];
      },
    });
    const suggest = decorate(function suggest(this: Shop, user: string) {
      return [`for ${user}, from ${this.best}`];
    }, context);
    const shop = { best: 'tea', suggest };

    expect(shop.suggest('ada')).toEqual(['for ada, from tea']);
    bench.hold(0.8, 4);
    expect(shop.suggest('ada')).toEqual(['tea', 'ada']);
  });

  it('asks for the subject of the call', () => {
    const bench = new Bench({ features });
    const decorate = degradable(bench.degradation, 'suggestions', {
      fallback: () => false,
      subject: (user: string) => user,
    });
    const suggest = decorate((_user: string): boolean => true, context);
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 15_000);
    const users = Array.from({ length: 200 }, (_, i) => `user ${i}`);
    const served = users.filter((user) => suggest(user));

    expect(served).toEqual(users.filter((user) => bench.degradation.isEnabled('suggestions', user)));
    expect(served.length).toBeGreaterThan(50);
    expect(served.length).toBeLessThan(150);
  });

  it('leaves errors and promises of the method as they are', async () => {
    const { degradation } = new Bench({ features });
    const broken = new Error('broken');
    const decorate = degradable(degradation, 'suggestions', {
      fallback: () => Promise.reject(new Error('not asked')),
    });

    await expect(decorate(() => Promise.reject(broken), context)()).rejects.toBe(broken);
  });

  it('fits methods whose place the fallback can take, by their types', () => {
    const { degradation } = new Bench({ features });
    const decorate = degradable(degradation, 'suggestions', { fallback: (count: number) => count });

    decorate((count: number, _unit: string): number => count, context);
    // @ts-expect-error The fallback takes no string.
    decorate((text: string): number => text.length, context);
    // @ts-expect-error The fallback gives no string.
    decorate((count: number): string => String(count), context);
    expect(decorate).toBeTypeOf('function');
  });

  it('refuses an unknown feature and what is no function where the class is declared', () => {
    const { degradation } = new Bench({ features });
    const fallback = (): void => undefined;

    expect(() => degradable(degradation, 'other' as 'suggestions', { fallback })).toThrow(
      "feature must be the name of a feature, got 'other'",
    );
    expect(() => degradable(degradation, 'suggestions', { fallback: 1 as never })).toThrow(
      'fallback must be a function',
    );
    expect(() => degradable(degradation, 'suggestions', { fallback, subject: 1 as never })).toThrow(
      'subject must be a function',
    );
  });
});
