import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { describeWithRedis, type Proxy, startProxy, until } from '@holdfast/test-support';

describeWithRedis('startProxy', (redis) => {
  let proxy: Proxy;
  let client: Redis;

  beforeEach(async () => {
    proxy = await startProxy(redis);
    client = new Redis(proxy.url(redis.url), { maxRetriesPerRequest: null, retryStrategy: () => 10 });
    client.on('error', () => undefined);
    await client.ping();
  });
  afterEach(async () => {
    client.disconnect();
    await proxy[Symbol.asyncDispose]();
  });

  const connectOnce = async (): Promise<void> => {
    const other = new Redis(proxy.url(redis.url), { lazyConnect: true, retryStrategy: () => null });
    other.on('error', () => undefined);
    await other.connect().finally(() => other.disconnect());
  };

  it('keeps every other part of a url', () => {
    expect(proxy.url('redis://user:secret@host:1/3?family=4')).toBe(
      `redis://user:secret@127.0.0.1:${proxy.port}/3?family=4`,
    );
    expect(proxy.url('redis://host:1')).toBe(`redis://127.0.0.1:${proxy.port}`);
  });

  it('forwards a large value both ways unchanged', async () => {
    const value = 'x'.repeat(5_000_000);
    await client.set('large', value);
    expect(await client.get('large')).toBe(value);
  });

  it('resets open connections and refuses new ones after a cut, until it heals', async () => {
    const closed = new Promise((resolve) => void client.once('close', resolve));
    await proxy.cut();
    await closed;
    await expect(connectOnce()).rejects.toThrow('Connection is closed');
    expect(proxy.connections).toBe(0);

    await proxy.heal();
    expect(await client.ping()).toBe('PONG');
  });

  it('accepts connections but answers nothing in a black hole, and resets what it swallowed when it heals', async () => {
    const direct = new Redis(redis.url);
    await direct.config('RESETSTAT');
    proxy.blackhole();
    const set = client.set('swallowed', 'value');
    const connected = connectOnce().catch((error: Error) => error.message);
    await until('the other one is accepted', () => proxy.connections === 2);

    await proxy.heal();
    // On a new connection; nothing of what was sent on the old one has arrived.
    expect(await set).toBe('OK');
    expect(await direct.info('commandstats')).toContain('cmdstat_set:calls=1,');
    expect(await connected).toBe('Connection is closed.');
    direct.disconnect();
  });

  it('makes each round trip longer by the delay', async () => {
    proxy.delay(50);
    const startedAt = performance.now();
    await client.ping();
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThanOrEqual(49);

    await proxy.heal();
    expect(await client.ping()).toBe('PONG');
  });

  it('keeps answers in order when the delay shrinks', async () => {
    const answers: string[] = [];
    const hear = (answer: string): number => answers.push(answer);
    const direct = new Redis(redis.url);
    await client.del('asked');
    proxy.delay(60);
    const first = client.incr('asked').then(() => hear('first'));
    await until('the server has answered', async () => (await direct.get('asked')) === '1');
    proxy.delay(0);
    await Promise.all([first, client.ping().then(() => hear('second'))]);

    expect(answers).toEqual(['first', 'second']);
    direct.disconnect();
  });

  it('keeps answers back until it heals, on the connections where a text was sent', async () => {
    const direct = new Redis(redis.url);
    const other = new Redis(proxy.url(redis.url));
    await other.ping();
    await client.set('held', '1');
    proxy.hold({ sent: 'held' });
    const answer = client.incr('held');
    const answered = vi.fn<() => void>();
    void answer.then(answered);
    await until('the server has answered', () => proxy.held({ sent: 'held' }) === 1);
    expect(await direct.get('held')).toBe('2');

    expect(await other.ping()).toBe('PONG');
    expect(answered).not.toHaveBeenCalled();
    await proxy.heal();
    expect(await answer).toBe(2);
    for (const each of [direct, other]) each.disconnect();
  });

  it('swallows what is sent on some connections and lets others be', async () => {
    const other = new Redis(proxy.url(redis.url));
    await other.ping();
    const reset = new Promise((resolve) => void client.once('close', resolve));
    proxy.blackhole({ sent: 'lost' });
    const lost = client.set('lost', '1');
    expect(await other.ping()).toBe('PONG');

    await proxy.heal();
    await reset;
    expect(await lost).toBe('OK');
    other.disconnect();
  });

  it('counts a pipeline as one exchange, and what waits for its answer as another', async () => {
    const before = proxy.exchanges();
    await Promise.all([client.set('a', '1'), client.get('a'), client.get('b')]);
    expect(proxy.exchanges() - before).toBe(1);
    await client.get('a');
    await client.get('b');
    expect(proxy.exchanges() - before).toBe(3);
    expect(proxy.exchanges({ sent: 'never sent' })).toBe(0);
  });
});
