import { compose, Execution, type Policy } from '@holdfast/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** Appends its mark to whatever comes back, value or error message. */
function marking(mark: string): Policy {
  return {
    async execute<T>(operation: (context: Execution) => T | PromiseLike<T>, options = {}): Promise<T> {
      try {
        return `${String(await operation(new Execution(options)))}${mark}` as T;
      } catch (error) {
        throw new Error(`${(error as Error).message}${mark}`, { cause: error });
      }
    },
  };
}

const marks = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 });

async function outcome(policy: Policy, fails: boolean): Promise<string> {
  const operation = (): string => {
    if (fails) throw new Error('error ');
    return 'value ';
  };
  return policy.execute(operation).catch((error: unknown) => (error as Error).message);
}

describe('compose', () => {
  it('invariant 38: gives the same however the policies are grouped', async () => {
    const grouped = fc.tuple(marks, marks, marks, fc.boolean());

    await fc.assert(
      fc.asyncProperty(grouped, async ([a, b, c, fails]) => {
        const [left, middle, right] = [a, b, c].map((each) => each.map(marking)) as [
          Policy[],
          Policy[],
          Policy[],
        ];
        const flat = await outcome(compose(...left, ...middle, ...right), fails);

        expect(await outcome(compose(compose(...left, ...middle), ...right), fails)).toBe(flat);
        expect(await outcome(compose(...left, compose(...middle, ...right)), fails)).toBe(flat);
      }),
    );
  });

  it('hands the very value of the operation back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.nat(4), async (value, depth) => {
        const pass: Policy = { execute: async (operation, options) => operation(new Execution(options)) };
        const policies = Array.from({ length: depth }, () => pass);

        const [returned] = await compose(...policies).execute(() => [value]);

        expect(Object.is(returned, value)).toBe(true);
      }),
    );
  });
});
