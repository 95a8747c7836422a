import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';

import { describeWithRedis, startRedis, until } from '@holdfast/test-support';

const patient = { maxRetriesPerRequest: null, retryStrategy: () => 10 };

const connectOnce = async (url: string): Promise<void> => {
  const client = new Redis(url, { retryStrategy: () => null, lazyConnect: true }).on(
    'error',
    () => undefined,
  );
  await client.connect();
};

describeWithRedis(
  'startRedis',
  (redis) => {
    const clients: Redis[] = [];
    const connect = (): Redis => {
      const client = new Redis(redis.url, patient).on('error', () => undefined);
      clients.push(client);
      return client;
    };
    afterEach(() => clients.splice(0).forEach((client) => client.disconnect()));

    /** A server that does not run cannot be paused. */
    const ended = async (): Promise<boolean> => {
      const paused = await redis.pause().then(
        () => true,
        () => false,
      );
      if (paused) await redis.resume();
      return !paused;
    };

    it('answers at its url', async () => {
      expect(await connect().ping()).toBe('PONG');
    });

    it('refuses connections after a stop, and is empty when it starts again on its port', async () => {
      const client = connect();
      await client.set('key', 'value');

      await redis.stop();
      await expect(connectOnce(redis.url)).rejects.toThrow('Connection is closed');
      await redis.start();

      expect(await client.get('key')).toBeNull();
    });

    it('is empty when it starts again after a kill', async () => {
      const client = connect();
      await client.set('key', 'value');

      await redis.kill();
      await redis.start();

      expect(await client.get('key')).toBeNull();
    });

    it('starts again after it ended by itself', async () => {
      const client = new Redis(redis.url, { retryStrategy: () => null }).on('error', () => undefined);
      await expect(client.shutdown('NOSAVE')).rejects.toThrow('Connection is closed');
      await until('its process has ended', ended);
      await redis.start();
      expect(await connect().ping()).toBe('PONG');
    });

    it('leaves a ping without an answer while paused, and answers it once resumed', async () => {
      const client = connect();
      await client.ping();
      let answered = false;

      await redis.pause();
      const ping = client.ping().then(() => (answered = true));
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(answered).toBe(false);
      await redis.resume();

      await ping;
      expect(answered).toBe(true);
    });

    it('stops while paused', async () => {
      await redis.pause();
      await redis.stop();
      await redis.start();
      expect(await connect().ping()).toBe('PONG');
    });
  },
  { controllable: true },
);

describeWithRedis('startRedis with settings', () => {
  it('obeys them', async () => {
    await using redis = await startRedis({ settings: { maxmemory: '1mb' } });
    const client = new Redis(redis.url);
    await expect(client.set('key', 'x'.repeat(2 ** 21))).rejects.toThrow(/OOM/);
    client.disconnect();
  });

  it('keeps its data over a kill if the settings write it down', async () => {
    await using redis = await startRedis({ settings: { appendonly: 'yes', appendfsync: 'always' } });
    const client = new Redis(redis.url, patient).on('error', () => undefined);
    await client.set('key', 'value');

    await redis.kill();
    await redis.start({ data: 'kept' });

    expect(await client.get('key')).toBe('value');
    client.disconnect();
  });
});

describe('startRedis by address', () => {
  afterEach(() => void delete process.env['HOLDFAST_TEST_REDIS_URL']);

  it('hands out the address and refuses to break the server', async () => {
    process.env['HOLDFAST_TEST_REDIS_URL'] = 'redis://redis.example/3';

    const redis = await startRedis();

    expect(redis).toMatchObject({ host: 'redis.example', port: 6379, controllable: false });
    for (const act of ['stop', 'kill', 'pause', 'resume'] as const)
      await expect(redis[act]()).rejects.toThrow(/HOLDFAST_TEST_REDIS_URL/);
  });
});
