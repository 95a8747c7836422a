import { describe, expect, it } from 'vitest';

import { until } from '@holdfast/test-support';

describe('until', () => {
  it('asks until the condition holds, and takes what it throws for "not yet"', async () => {
    let asked = 0;
    await until('it holds', async () => {
      asked += 1;
      if (asked === 1) throw new Error('not ready');
      return asked === 3;
    });

    expect(asked).toBe(3);
  });

  it('says what has not come, and why', async () => {
    const cause = new Error('not ready');
    const waiting = until(
      'the thing',
      () => {
        throw cause;
      },
      20,
    );

    await expect(waiting).rejects.toMatchObject({ message: 'not in 20 ms: the thing', cause });
  });
});
