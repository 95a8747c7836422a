import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describeWithRedis, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';

import { aWorkload, load, sleep } from '../support/load.ts';
import { aService, type ServiceFixture } from '../support/service.ts';

const away = 'redis cannot be used; the service runs without it';
const back = 'redis can be used again';

const toldOfRedis = ({ lines }: ServiceFixture): readonly (string | undefined)[] =>
  lines.map(({ msg }) => msg).filter((msg) => msg === away || msg === back);

describeWithRedis(
  'the service with Redis',
  (redis) => {
    const withRedis = (): Promise<ServiceFixture> => aService({ environment: { REDIS_URL: redis.url } });

    it('answers every request while Redis is killed, comes back empty, hangs and goes on, and tells of each once', async () => {
      await using fixture = await withRedis();
      const workload = await aWorkload(fixture);
      await load(fixture, workload, { durationMs: 500 });
      expect(toldOfRedis(fixture)).toEqual([]);

      const loading = load(fixture, workload, { durationMs: 7_500 });
      await sleep(500);
      await redis.kill();
      await sleep(1_500);
      expect(toldOfRedis(fixture)).toEqual([away]);
      await redis.start();
      await until('the end is told', () => toldOfRedis(fixture).length === 2, 5_000);
      await redis.pause();
      await sleep(1_500);
      expect(toldOfRedis(fixture)).toEqual([away, back, away]);
      await redis.resume();
      const measured = await loading;
      await until('the end is told again', () => toldOfRedis(fixture).length === 4, 5_000);

      expect(measured).toMatchObject({
        requests: 600,
        answered: 600,
        limited: 0,
        shed: 0,
        failed: 0,
      });
      expect(measured.p99Ms).toBeLessThan(1_000);
      expect(toldOfRedis(fixture)).toEqual([away, back, away, back]);
      expect(fixture.told(40)).toEqual([away, away]);
      const { tiers } = fixture.service.caches.answers.statistics();
      expect(tiers.l2).toMatchObject({ up: 1 });
    });

    it('shares limits with another instance, and no answers if that has a database of its own', async () => {
      const options = {
        environment: { REDIS_URL: redis.url },
        config: { limits: { windowMs: 60_000, user: 5, expensive: 5, global: 1e6 } },
      };
      await using one = await aService(options);
      await using other = await aService(options);
      // Both give their first user the same revision.
      for (const fixture of [one, other]) {
        const title = `walrus ${fixture.service.url}`;
        const ask = fixture.as('ada');
        await ask('POST', '/v1/items', { body: { title } });
        const { body } = await ask('GET', '/v1/search?q=walrus');
        expect(body.hits[0].item.title).toBe(title);
      }

      expect((await one.as('ada')('GET', '/v1/items')).status).toBe(200);
      expect((await other.as('ada')('GET', '/v1/items')).status).toBe(429);
    });

    it('finds an answer in Redis that it no longer has in memory', async () => {
      await using fixture = await aService({
        environment: { REDIS_URL: redis.url },
        config: { memoryTtlMs: 1 },
      });
      const ask = fixture.as('grace');
      await ask('POST', '/v1/items', { body: { title: 'walrus' } });
      const first = await ask('GET', '/v1/search?q=walrus');
      await until('it is in Redis', async () => {
        await using client = disposable(redis.url);
        return (await client.redis.keys('*recall-*')).length > 0;
      });

      expect((await ask('GET', '/v1/search?q=walrus')).body).toEqual(first.body);

      expect(fixture.service.caches.answers.statistics().lookups.l2Hit).toBeGreaterThan(0);
    });
  },
  { controllable: true },
);

function disposable(url: string): { redis: Redis } & AsyncDisposable {
  const redis = new Redis(url);
  return { redis, [Symbol.asyncDispose]: async () => void (await redis.quit()) };
}

describe('the service with a REDIS_URL that leads nowhere', () => {
  it('tells once that nothing listens there, and works', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    await using fixture = await aService({
      environment: { REDIS_URL: `redis://:hunter2@127.0.0.1:${port}` },
    });
    const ask = fixture.as('ada');

    await ask('POST', '/v1/items', { body: { title: 'walrus' } });
    await sleep(1_500);
    const answer = await ask('GET', '/v1/search?q=walrus');

    expect(answer).toMatchObject({ status: 200, body: { hits: [{ item: { title: 'walrus' } }] } });
    expect(fixture.lines.filter(({ level }) => level >= 40)).toEqual([
      expect.objectContaining({
        msg: away,
        server: `127.0.0.1:${port}`,
        reason: expect.stringContaining('ECONNREFUSED'),
      }),
    ]);
    expect(JSON.stringify(fixture.lines)).not.toContain('hunter2');
  });

  it('tells once that it is no address, and works', async () => {
    await using fixture = await aService({ environment: { REDIS_URL: 'redis//:hunter2@cache' } });

    const created = await fixture.as('ada')('POST', '/v1/items', { body: { title: 'walrus' } });

    expect(created.status).toBe(201);
    expect(fixture.told(40)).toEqual([
      expect.stringMatching(/^REDIS_URL must be .*, got '\*\*\*@cache'; the service runs without it$/),
    ]);
  });

  it('works and tells once when the server wants a password that it was not given', async () => {
    const server = createServer((socket) => {
      socket.on('data', () => socket.write('-NOAUTH Authentication required.\r\n'));
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const fixture = await aService({ environment: { REDIS_URL: `redis://127.0.0.1:${port}` } });

    for (let call = 0; call < 5; call += 1) {
      expect((await fixture.as('ada')('GET', '/v1/search?q=walrus')).status).toBe(200);
      await sleep(100);
    }

    expect(fixture.told(40)).toEqual([away]);
    await fixture[Symbol.asyncDispose]();
    server.close();
  });
});
