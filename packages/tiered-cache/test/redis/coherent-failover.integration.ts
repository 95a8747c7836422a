import { describeWithRedisSentinel } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';

import { booksOf, gone, Opened, readAgain } from './rig.ts';

describeWithRedisSentinel('RedisCoherentStore behind Sentinel', (group) => {
  const opened = new Opened();
  afterEach(() => opened.close());

  it('follows the log to the new primary with a gap, and refuses the old one', async () => {
    const client = new Redis({ sentinels: group.addresses, name: group.name });
    client.on('error', () => undefined);
    opened.keep({ [Symbol.asyncDispose]: async () => client.disconnect() });
    const { store, prefix } = opened.cache(client);
    const before = await store.start('end');
    await store.delete(['a'], gone);
    const read = await store.read(before.mark, 50);
    expect(read.gap).toBe(false);
    const direct = opened.client(group.replica.url);
    await expect.poll(() => direct.exists(booksOf(prefix).log), { timeout: 20_000 }).toBe(1);

    await group.master.kill();
    const after = await readAgain(store, read.mark, 300);
    expect(after).toMatchObject({ gap: true, epoch: before.epoch });
    const position = await store.delete(['b'], gone);
    expect((await store.read(after.mark, 50)).changes).toMatchObject([{ position }]);

    await group.master.start();
    const admin = opened.client(group.master.url);
    await expect.poll(async () => (await admin.role())[0], { timeout: 20_000 }).toBe('slave');
    const { store: stray } = opened.cache(opened.client(group.master.url), { prefix });
    await expect(stray.start('end')).rejects.toThrow('READONLY');
    await expect(stray.read(after.mark, 10)).rejects.toThrow('READONLY');
    await expect(stray.delete(['c'], gone)).rejects.toThrow('READONLY');
  });
});
