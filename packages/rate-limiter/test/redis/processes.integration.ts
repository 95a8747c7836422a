import { type Child, describeWithRedis, startChild, until } from '@holdfast/test-support';
import { expect, it } from 'vitest';
import { hammered } from './support/hammered.ts';

const processes = 8;
const kills = 12;
const betweenKills = 100;
const script = new URL('support/hammer.ts', import.meta.url);

/** The most that was admitted in any interval of that length, open on the left. */
function worst(instants: readonly number[], windowUs: number): number {
  let most = 0;
  let first = 0;
  for (const [last, at] of instants.entries()) {
    while ((instants[first] as number) <= at - windowUs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

describeWithRedis('RedisStore in several processes', (redis) => {
  it('invariants 1 and 2: never passes a limit in any window, though processes are killed at any moment', async () => {
    const started: Child[] = [];
    const running: Child[] = [];
    const start = (): Child => {
      const child = startChild(script, [redis.url]);
      started.push(child);
      return child;
    };
    const admissions = (): number => started.reduce((sum, { lines }) => sum + lines.length, 0);
    try {
      for (let i = 0; i < processes; i += 1) running.push(start());
      for (let kill = 0; kill < kills; kill += 1) {
        const before = admissions();
        await until('they are admitted', () => admissions() >= before + betweenKills);
        const at = (kill * 5) % processes;
        await (running[at] as Child).kill();
        running[at] = start();
      }
    } finally {
      for (const child of running) await child[Symbol.asyncDispose]();
    }

    const said = started.flatMap(({ lines }) => lines.map((line) => line.split(' ').map(Number)));
    const found = hammered.map(({ name, limit, windowMs, burst, mode }, index) => {
      const instants = said
        .flatMap(([which, at]) => (which === index ? [at as number] : []))
        .toSorted((a, b) => a - b);
      const bound = mode === 'strict' ? limit : burst + limit;
      return { name, bound, worst: worst(instants, windowMs * 1_000), admissions: instants.length };
    });
    process.stderr.write(`${JSON.stringify(found)}\n`);
    for (const { bound, worst: most } of found) {
      expect(most).toBeLessThanOrEqual(bound);
      expect(most).toBeGreaterThan(bound / 2);
    }
  }, 120_000);
});
