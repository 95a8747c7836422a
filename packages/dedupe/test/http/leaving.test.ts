import { once } from 'node:events';
import { ManualClock, settle } from '@holdfast/core/testing';
import { until } from '@holdfast/test-support';
import { describe, expect, it, onTestFinished } from 'vitest';

import { expressSite, fastifySite, type Page } from './site.ts';

const headers = { 'x-user': 'ann' };

describe.each([
  ['express', expressSite],
  ['fastify', fastifySite],
])('a client of %s that leaves', (_server, open) => {
  /** A site under a clock that stands still, whose pages are made when the test says so. */
  async function start() {
    const clock = new ManualClock();
    const orders: ((page: Page) => void)[] = [];
    const site = await open(() => new Promise((resolve) => orders.push(resolve)), { clock });
    const follower = (count: number): Promise<void> =>
      until(`${count} wait`, () => site.requests.statistics().calls.follower === count);
    const ask = (path: string) => {
      const client = new AbortController();
      const reply = site.ask(path, { headers, signal: client.signal }).catch(() => 'left');
      return { client, reply };
    };
    const visit = (index: number): Promise<void> => until(`visit ${index}`, () => orders.length > index);
    return { ask, clock, follower, orders, visit };
  }

  it('hands over after a second in which its handler has not answered, and not sooner', async () => {
    const { ask, clock, follower, orders, visit } = await start();
    const first = ask('/a');
    await visit(0);
    const other = ask('/a');
    await follower(1);

    first.client.abort();
    await until('it has left', () => clock.pending('background') === 1);
    await clock.advance(999);
    expect(orders).toHaveLength(1);
    await clock.advance(1);
    await visit(1);
    orders[1]?.({ body: 'taken over' });

    expect(await other.reply).toMatchObject({ body: 'taken over' });
  });

  it('hands over nothing when its handler answers after all', async () => {
    const { ask, clock, follower, orders, visit } = await start();
    const first = ask('/a');
    await visit(0);
    const other = ask('/a');
    await follower(1);

    first.client.abort();
    await until('it has left', () => clock.pending() === 1);
    orders[0]?.({ body: 'after all' });

    expect(await other.reply).toMatchObject({ body: 'after all' });
    expect(clock.pending()).toBe(0);
  });

  it('leaves no failure that nobody handles', async () => {
    const { ask, clock, visit } = await start();
    const failures: unknown[] = [];
    const note = (failure: unknown): void => void failures.push(failure);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const { client } = ask('/a');
    await visit(0);

    client.abort();
    await until('it has left', () => clock.pending('background') === 1);
    await clock.advance(1_000);
    await settle();

    expect(failures).toEqual([]);
  });

  it('is not one that has had its answer', async () => {
    const { ask, clock, orders, visit } = await start();

    for (const index of [0, 1]) {
      const { reply } = ask('/a');
      await visit(index);
      orders[index]?.({});
      await reply;
    }

    expect(clock.pending()).toBe(0);
  });
});

describe.each([
  ['express', expressSite],
  ['fastify', fastifySite],
])('a client of %s that has left before its turn', (_server, open) => {
  it('has no handler run for it', async () => {
    const visits: string[] = [];
    let gone = false;
    let waits = false;
    const site = await open(
      ({ url }) => {
        visits.push(url);
        return {};
      },
      {},
      async (asked, response) => {
        if (asked['x-slow'] === undefined) return;
        waits = true;
        await once(response, 'close');
        gone = true;
      },
    );
    const client = new AbortController();
    const left = site.ask('/slow', { headers: { ...headers, 'x-slow': '1' }, signal: client.signal });
    await until('it waits', () => waits);

    client.abort();
    await expect(left).rejects.toThrow('abort');
    await until('it has gone on', () => gone);
    await site.ask('/other', { headers });

    expect(visits).toEqual(['/other']);
    expect(site.requests.statistics()).toMatchObject({ calls: { leader: 1, follower: 0 }, inFlight: 0 });
  });
});
