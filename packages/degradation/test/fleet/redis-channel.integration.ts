import { type FleetChannel, FleetLevel, type FleetReport } from '@holdfast/degradation';
import { describeWithRedis, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { Bench } from '../support/bench.ts';

// As in docs/guides/degradation.md.
async function redisChannel(url: string, topic: string): Promise<FleetChannel & { close(): void }> {
  const [publisher, subscriber] = [new Redis(url), new Redis(url)];
  for (const client of [publisher, subscriber]) client.on('error', () => undefined);
  const heard: FleetReport[] = [];
  subscriber.on('message', (_, text) => heard.push(JSON.parse(text) as FleetReport));
  await subscriber.subscribe(topic);
  return {
    publish: (report) => publisher.publish(topic, JSON.stringify(report)),
    read: () => heard.splice(0),
    close() {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}

describeWithRedis(
  'a fleet that talks over Redis',
  (redis) => {
    it('raises a calm process, and leaves it alone again when Redis is gone', async () => {
      const critical = ['a', 'b'].map((instance) => ({ instance, bench: new Bench() }));
      for (const { bench } of critical) bench.hold(1, 2);
      const calm = { instance: 'c', bench: new Bench() };
      const channels = await Promise.all([0, 1, 2].map(() => redisChannel(redis.url, 'fleet')));
      const members = [...critical, calm].map(({ instance, bench }, i) =>
        new FleetLevel(bench.degradation, channels[i]!, { instance, intervalMs: 50, ttlMs: 500 }).start(),
      );

      await until('the fleet has raised it', () => calm.bench.degradation.level === 'reduced');
      expect(members[2]?.statistics().instances).toBe(3);
      await redis.kill();
      await until('it is alone again', () => calm.bench.degradation.level === 'normal');

      for (const member of members) member[Symbol.dispose]();
      for (const channel of channels) channel.close();
    });
  },
  { controllable: true },
);
