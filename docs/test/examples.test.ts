import { beforeAll, describe, expect, it } from 'vitest';

import { examples, flawless, type Outcome, run } from './examples.ts';

const alone = examples.filter(({ needsRedis }) => !needsRedis);

describe('the examples that need no server', () => {
  let outcomes: readonly Outcome[] = [];
  beforeAll(async () => {
    outcomes = await run('alone', alone);
  }, 90_000);

  it.each(alone.map((example) => [example.document, example] as const))('run: %s', (_, example) => {
    expect(outcomes.find(({ name }) => name === example.name)).toEqual(flawless(example));
  });
});

describe('an example', () => {
  const made = (name: string, code: string, blocks = 1): (typeof examples)[number] => ({
    document: '',
    name,
    code: `export async function example(reached) { ${code} }`,
    blocks,
    needsRedis: false,
  });

  it('is faulted for an error, for a promise that nobody handles, and for what it does not reach', async () => {
    const [throws, rejects, stops] = await run('made-up', [
      made('throws', "throw new Error('thrown');"),
      made('rejects', "void Promise.reject(new Error('rejected')); reached(0);"),
      made('stops', 'reached(0); if (reached) return; reached(1);', 2),
    ]);

    expect(throws).toMatchObject({ reached: [], troubles: [expect.stringContaining('Error: thrown')] });
    expect(rejects).toMatchObject({ reached: [0], troubles: [expect.stringContaining('Error: rejected')] });
    expect(stops).toEqual({ name: 'stops', reached: [0], troubles: [] });
  }, 90_000);
});
