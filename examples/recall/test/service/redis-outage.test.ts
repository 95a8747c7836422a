import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { RedisOutage } from '../../src/service/redis-outage.ts';

function anOutage(): { outage: RedisOutage; clock: ManualClock; told: unknown[] } {
  const told: unknown[] = [];
  const clock = new ManualClock();
  const log = {
    warn: ({ reason }: { reason: string }) => void told.push(['warn', reason]),
    info: () => void told.push(['info']),
  };
  return { outage: new RedisOutage('cache:6379', log as never, clock), clock, told };
}

describe('RedisOutage', () => {
  it('tells the first complaint of an outage, and its end once all has been well for 1 s', async () => {
    const { outage, clock, told } = anOutage();

    outage.complain('connection', new Error('gone'));
    outage.complain('cache', new Error('late'));
    outage.complain('connection', new Error('refused'));
    outage.recover('connection');
    await clock.advance(60_000);
    expect(told).toEqual([['warn', 'gone']]);
    outage.recover('cache');
    await clock.advance(999);
    expect(told).toHaveLength(1);
    await clock.advance(1);

    expect(told).toEqual([['warn', 'gone'], ['info']]);
  });

  it('takes what comes again within 1 s for the same outage', async () => {
    const { outage, clock, told } = anOutage();

    for (let time = 0; time < 5; time += 1) {
      outage.complain('limiter', new Error('late'));
      outage.recover('limiter');
      await clock.advance(900);
    }
    await clock.advance(1_000);

    expect(told).toEqual([['warn', 'late'], ['info']]);
  });

  it('tells of the next outage again', async () => {
    const { outage, clock, told } = anOutage();

    for (let time = 0; time < 2; time += 1) {
      outage.complain('connection', new Error(`gone ${time}`));
      outage.recover('connection');
      await clock.advance(1_000);
    }

    expect(told).toEqual([['warn', 'gone 0'], ['info'], ['warn', 'gone 1'], ['info']]);
  });

  it('hears nobody recover who has not complained', async () => {
    const { outage, clock, told } = anOutage();

    outage.recover('connection');
    await clock.advance(5_000);

    expect(told).toEqual([]);
    expect(clock.pending()).toBe(0);
  });

  it('shows the code of an error that has no message', () => {
    const { outage, told } = anOutage();

    outage.complain('connection', Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }));

    expect(told).toEqual([['warn', 'ECONNREFUSED']]);
  });

  it('holds no timer once it is disposed', () => {
    const { outage, clock } = anOutage();
    outage.complain('cache', new Error('late'));
    outage.recover('cache');

    outage[Symbol.dispose]();

    expect(clock.pending()).toBe(0);
  });
});
