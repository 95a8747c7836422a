import { compose, type ExecuteOptions, Execution, type Operation, type Policy, wrap } from '@holdfast/core';
import { describe, expect, expectTypeOf, it } from 'vitest';

/** Writes down when it is entered and left. */
function tracing(name: string, log: string[]): Policy {
  return {
    async execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
      log.push(`${name} in`);
      try {
        return await operation(new Execution(options));
      } finally {
        log.push(`${name} out`);
      }
    },
  };
}

/** A policy written without the help of core: it makes its own plain context. */
const foreign: Policy = {
  execute: async (operation, options) =>
    operation({ signal: options?.signal ?? AbortSignal.timeout(60_000), attempt: 7, remainingMs: () => 123 }),
};

describe('compose', () => {
  it('runs the first policy outermost', async () => {
    const log: string[] = [];

    await compose(tracing('a', log), tracing('b', log)).execute(() => log.push('operation'));

    expect(log).toEqual(['a in', 'b in', 'operation', 'b out', 'a out']);
  });

  it('runs the operation alone when it joins nothing', async () => {
    expect(await compose().execute(({ attempt }) => `attempt ${attempt}`)).toBe('attempt 0');
  });

  it('is the policy itself when it joins one', () => {
    const policy = tracing('a', []);

    expect(compose(policy)).toBe(policy);
  });

  it('passes the very error of the operation through', async () => {
    const error = new Error('boom');

    const outcome = compose(tracing('a', []), tracing('b', [])).execute(() => {
      throw error;
    });

    await expect(outcome).rejects.toBe(error);
  });

  it('carries key, tenant, criticality and signal to the innermost policy', async () => {
    const controller = new AbortController();
    const seen: ExecuteOptions[] = [];
    const inner: Policy = {
      async execute(operation, options) {
        seen.push(options ?? {});
        return operation(new Execution(options));
      },
    };
    const options = { key: 'k', tenant: 't', criticality: 'critical', signal: controller.signal } as const;

    for (const outer of [tracing('a', []), foreign]) await compose(outer, inner).execute(() => 0, options);

    for (const each of seen) {
      const { key, tenant, criticality, signal } = each;
      expect({ key, tenant, criticality, signal }).toEqual(options);
    }
    expect(seen).toHaveLength(2);
  });

  it('carries attempt and remaining time through a policy that knows nothing of core', async () => {
    const [attempt, remainingMs] = await compose(foreign, tracing('b', [])).execute((context) => [
      context.attempt,
      context.remainingMs(),
    ]);

    expect(attempt).toBe(7);
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(123);
  });
});

describe('wrap', () => {
  const policy = compose();

  it('keeps this, parameters, name and length', async () => {
    function sum(this: { total: number }, a: number, _b: string): number {
      return this.total + a;
    }
    const add = wrap(policy, sum);

    expect(await add.call({ total: 40 }, 2, '')).toBe(42);
    expect(add.name).toBe('sum');
    expect(add).toHaveLength(2);
  });

  it('keeps the types', () => {
    const wrapped = wrap(policy, (a: number, ...rest: string[]) => ({ a, rest }));

    expectTypeOf(wrapped).parameters.toEqualTypeOf<[a: number, ...rest: string[]]>();
    expectTypeOf(wrapped).returns.resolves.toEqualTypeOf<{ a: number; rest: string[] }>();
  });

  it('turns what the function throws into a rejection', async () => {
    const wrapped = wrap(policy, (): number => {
      throw new Error('boom');
    });

    await expect(wrapped()).rejects.toThrow('boom');
  });
});
