import { describeWithRedis, startChild } from '@holdfast/test-support';
import { expect, it } from 'vitest';
import { temporaryFile } from './sqlite/engines.ts';

describeWithRedis('a process that limits', (redis) => {
  it('invariant 17: ends by itself when its stores are closed, whatever counts or is blocked for another hour', async () => {
    const script = new URL('children/left-open.ts', import.meta.url);
    await using child = startChild(script, [redis.url, temporaryFile()]);

    expect(await child.ended()).toEqual(['memory,sqlite,redis']);
  });
});
