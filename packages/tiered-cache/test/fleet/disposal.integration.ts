import { describeWithRedis, startChild } from '@holdfast/test-support';
import { expect, it } from 'vitest';

import { Site } from './site.ts';

interface Moment {
  readonly moment: string;
  /** By event, on the client. */
  readonly listeners: Readonly<Record<string, number>>;
  /** What keeps the process alive, or would. */
  readonly resources: Readonly<Record<string, number>>;
}

describeWithRedis('many caches on one client', (server) => {
  it.each([
    [1_000, 'ioredis'],
    [100, 'ioredis-5'],
    [100, 'node-redis'],
  ])(
    'have one listener on it, and leave nothing when they are disposed: %d with %s',
    async (count, client) => {
      await using site = Site.alone(server);
      const script = new URL('children/swarm.ts', import.meta.url);
      await using child = startChild(script, [client, server.host, String(server.port), String(count)]);
      const [, ...lines] = await child.ended();
      const [before, made, used, disposed] = lines.map((line) => JSON.parse(line) as Moment);

      expect(used?.moment).toBe(`used ${count}`);
      for (const moment of [made, used]) {
        expect(moment?.listeners).toEqual({
          ...before?.listeners,
          error: (before?.listeners['error'] ?? 0) + 1,
        });
      }
      expect(disposed?.listeners).toEqual(before?.listeners);
      expect(disposed?.resources).toEqual(before?.resources);
      await expect.poll(async () => (await connections(site)) - 1).toBe(0);
    },
  );
});

async function connections({ admin }: Site): Promise<number> {
  return String(await admin.client('LIST'))
    .trim()
    .split('\n').length;
}
