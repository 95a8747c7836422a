import { describeWithRedisSentinel, until } from '@holdfast/test-support';
import { expect, it } from 'vitest';

import { Fleet } from './fleet.ts';
import type { Wiring } from './messages.ts';
import { lateness, tierTimeoutMs } from './promptness.ts';
import { Site } from './site.ts';

describeWithRedisSentinel('a fleet whose primary is replaced', (group) => {
  it('waits for nobody meanwhile, drops its memory once, and agrees through the new one', async () => {
    await using fleet = new Fleet(2);
    const wiring: Wiring = { client: 'ioredis', layout: 'sentinel', addresses: group.addresses };
    await using opened = await fleet.open([wiring, { ...wiring, client: 'ioredis-5' }], { tierTimeoutMs });
    const { nodes, truth } = opened;
    const [a, b] = nodes;
    await Promise.all([a.get('key'), b.get('key'), b.get('other')]);
    await until('each hears of the other', async () => {
      await Promise.all(nodes.map((node) => node.delete('greeting')));
      const statistics = await Promise.all(nodes.map((node) => node.statistics()));
      return statistics.every(({ coherence }) => coherence.changes > 0);
    });
    await group.master.kill();
    const late: string[] = [];
    await until('a deletion is taken', async () => {
      const tooLate = await Promise.all(nodes.map((node) => lateness(node, 1)));
      late.push(...tooLate.flat());
      truth.change('key');
      return (await a.delete('key')).l2 === 'applied';
    });
    await until('both agree', async () => {
      const answers = await Promise.all([a.get('key'), b.get('key')]);
      return answers.every((answer) => answer === truth.version('key'));
    });

    expect(late).toEqual([]);
    const drops = async (): Promise<readonly number[]> => {
      const statistics = await Promise.all(nodes.map((node) => node.statistics()));
      return statistics.map(({ coherence }) => coherence.gaps + coherence.epochs);
    };
    await until('both have noticed', async () => (await drops()).every((count) => count > 0));
    expect(await drops()).toEqual([1, 1]);
    expect(await b.get('other')).toBe(0);

    await group.master.start();
    await using demoted = Site.alone(group.master);
    // What the sentinels do some ten seconds later.
    await demoted.admin.replicaof(group.replica.host, group.replica.port);
    await using strayed = await fleet.open(demoted.direct('url'), { tierTimeoutMs });
    const [stray] = strayed.nodes;
    expect(await lateness(stray, 2)).toEqual([]);
    expect((await stray.delete('key')).l2).toBe('queued');
  });
});
