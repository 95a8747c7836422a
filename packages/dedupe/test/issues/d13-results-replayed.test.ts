import { Dedupe } from '@holdfast/dedupe';
import { describe, expect, it } from 'vitest';

// D13: opossum's coalescing keeps a result for as long as its timeout says, for ever without one, and replays failures.
describe('D13: a result is not a cache entry', () => {
  it.each([30_000, Infinity])(
    'runs calls that follow one another each, with maxAgeMs: %d',
    async (maxAgeMs) => {
      const dedupe = new Dedupe({ maxAgeMs });
      let executions = 0;
      const operation = async (): Promise<number> => (executions += 1);

      const values = [];
      for (let call = 0; call < 3; call += 1) values.push(await dedupe.run('a', operation));

      expect(values).toEqual([1, 2, 3]);
    },
  );

  it('does not replay a failure', async () => {
    const dedupe = new Dedupe();
    await dedupe.run('a', () => Promise.reject(new Error('down'))).catch(() => undefined);

    expect(await dedupe.run('a', () => 'up')).toBe('up');
  });
});
