import { type Child, describeWithRedis, startChild } from '@holdfast/test-support';
import { expect, it } from 'vitest';

const processes = 8;
const limit = 100;

describeWithRedis(
  'processes that are cut off from Redis',
  (redis) => {
    it('invariant 11: admit a share of the limit each, and together at most one more per process', async () => {
      const script = new URL('children/calling-alone.ts', import.meta.url);
      const children: Child[] = [];
      try {
        for (let i = 0; i < processes; i += 1)
          children.push(startChild(script, [redis.url, String(processes)]));
        for (const child of children) await child.said('ready');
        await redis.pause();
        for (const child of children) child.send('frozen');

        const said = await Promise.all(children.map((child) => child.ended()));

        const admitted = said.map((lines) => Number(lines.at(-1)));
        expect(admitted.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(limit + processes);
        expect(admitted).toEqual(Array.from({ length: processes }, () => Math.ceil(limit / processes)));
      } finally {
        await redis.resume();
        for (const child of children) await child[Symbol.asyncDispose]();
      }
    });
  },
  { controllable: true },
);
