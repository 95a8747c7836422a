import { ManualClock } from '@holdfast/core/testing';
import { FleetLevel, type FleetLevelOptions, type FleetReport, type Level } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';
import { Bench } from '../support/bench.ts';
import { MemoryChannel } from '../support/memory-channel.ts';

const names = ['a', 'b', 'c', 'd'];

/** Processes of a fleet on one clock each; their loads are set by hand. */
function fleet(size: number, options: Partial<FleetLevelOptions> = {}) {
  const channel = new MemoryChannel();
  const members = names.slice(0, size).map((instance) => {
    const bench = new Bench({ features: [{ name: 'search' }] });
    const { clock, degradation } = bench;
    const member = new FleetLevel(degradation, channel, { instance, clock, ...options }).start();
    return { bench, member };
  });
  const pass = async (scores: readonly number[], ms: number): Promise<Level[]> => {
    for (let passed = 0; passed < ms; passed += 250)
      for (const [i, { bench }] of members.entries()) {
        bench.score = scores[i] ?? 0;
        await bench.clock.advance(250);
      }
    return members.map(({ bench }) => bench.degradation.level);
  };
  return { channel, members, pass };
}

describe('FleetLevel', () => {
  it('raises the level of a calm process by one step when the other two are critical', async () => {
    const { members, pass } = fleet(3);

    expect(await pass([1, 1, 0], 5_000)).toEqual(['critical', 'critical', 'reduced']);
    const [, , calm] = members;
    expect(calm?.bench.degradation.measuredLevel).toBe('normal');
    expect(calm?.bench.degradation.isEnabled('search')).toBe(false);
    expect(calm?.bench.degradation.admit('normal', 'alice').admitted).toBe(true);
    expect(calm?.member.statistics()).toEqual({ instances: 3, failures: 0 });
  });

  it('never lowers a level', async () => {
    const { pass } = fleet(3);

    expect(await pass([1, 0, 0], 20_000)).toEqual(['critical', 'normal', 'normal']);
  });

  it('leaves two that differ as they are', async () => {
    const { pass } = fleet(2);

    expect(await pass([1, 0], 20_000)).toEqual(['critical', 'normal']);
  });

  it('goes by another quantile if it is told to', async () => {
    const { pass } = fleet(4, { quantile: 1 });

    expect(await pass([1, 0, 0, 0], 5_000)).toEqual(['critical', 'reduced', 'reduced', 'reduced']);
  });

  it('does not feed on itself: when the others are calm again, so is everybody', async () => {
    const { pass } = fleet(3);
    await pass([1, 1, 0], 5_000);

    expect(await pass([0, 0, 0], 30_000)).toEqual(['normal', 'normal', 'normal']);
  });

  it.each(['broken', 'hanging'] as const)(
    'leaves each to itself 5 s after the channel is %s',
    async (state) => {
      const { channel, members, pass } = fleet(3);
      await pass([1, 1, 0], 5_000);
      channel.state = state;
      expect(await pass([1, 1, 0], 3_000)).toEqual(['critical', 'critical', 'reduced']);

      expect(await pass([1, 1, 0], 4_000)).toEqual(['critical', 'critical', 'normal']);
      expect(members[2]?.member.statistics().instances).toBe(1);

      channel.state = 'well';
      expect((await pass([1, 1, 0], 3_000))[2]).toBe(state === 'broken' ? 'reduced' : 'normal');
    },
  );

  it('forgets a process that has fallen silent, though its last report is still there', async () => {
    const { members, pass } = fleet(3);
    await pass([1, 1, 0], 5_000);
    for (const { member } of members.slice(0, 2)) member[Symbol.dispose]();

    expect((await pass([1, 1, 0], 7_000))[2]).toBe('normal');
  });

  it('takes a last report that is still there for an old one, also when the channel was away for long', async () => {
    const { channel, members, pass } = fleet(3);
    await pass([1, 1, 0], 5_000);
    for (const { member } of members.slice(0, 2)) member[Symbol.dispose]();
    channel.state = 'broken';
    await pass([1, 1, 0], 12_000);
    channel.state = 'well';

    expect((await pass([1, 1, 0], 2_000))[2]).toBe('normal');
    expect(members[2]?.member.statistics().instances).toBe(1);
  });

  it('hears the others while it cannot be heard', async () => {
    const { clock, degradation } = new Bench();
    const channel = {
      publish: () => Promise.reject(new Error('read only')),
      read: () => [{ instance: 'b', level: 'critical', score: 1, sequence: clock.now() } as const],
    };
    const member = new FleetLevel(degradation, channel, { instance: 'a', clock, quantile: 1 }).start();
    await clock.advance(2_500);

    expect(degradation.level).toBe('reduced');
    expect(member.statistics()).toEqual({ instances: 2, failures: 3 });
  });

  it('is not disturbed by what is no report, and counts it', async () => {
    const { channel, members, pass } = fleet(1);
    await channel.publish({ instance: 'x', level: 'awful' } as unknown as FleetReport);

    expect(await pass([0], 3_000)).toEqual(['normal']);
    expect(members[0]?.member.statistics().failures).toBeGreaterThan(0);
  });

  it.each([{ instance: 'x', level: 'awful' }, null, 'nonsense'])(
    'hears the others beside %j, and counts that',
    async (nonsense) => {
      const { clock, degradation } = new Bench();
      const channel = {
        publish: () => undefined,
        read: () => [
          nonsense as FleetReport,
          { instance: 'b', level: 'critical', score: 1, sequence: clock.now() } as const,
        ],
      };
      const member = new FleetLevel(degradation, channel, { instance: 'a', clock, quantile: 1 }).start();
      await clock.advance(3_500);

      expect(degradation.level).toBe('reduced');
      expect(member.statistics()).toEqual({ instances: 2, failures: 4 });
    },
  );

  it('holds one background timer, and none after disposal, which takes its suggestion back', async () => {
    const clock = new ManualClock();
    const suggested: Level[] = [];
    const degradation = {
      measuredLevel: 'normal',
      score: 0,
      suggest: (level: Level) => suggested.push(level),
    } as const;
    const member = new FleetLevel(degradation, new MemoryChannel(), { instance: 'a', clock });
    expect(clock.pending()).toBe(0);
    member.start().start();
    expect([clock.pending('background'), clock.pending('foreground')]).toEqual([1, 0]);

    member[Symbol.dispose]();

    expect(clock.pending()).toBe(0);
    expect(suggested.at(-1)).toBe('normal');
  });

  it.each<[unknown, unknown, unknown, string]>([
    [{}, new MemoryChannel(), { instance: 'a' }, 'degradation must be an object with suggest()'],
    [undefined, {}, { instance: 'a' }, 'channel must be an object with publish(), read()'],
    [undefined, undefined, undefined, 'instance must be'],
    [undefined, undefined, { instance: 'a', intervalMs: 0 }, 'intervalMs must be'],
    [
      undefined,
      undefined,
      { instance: 'a', ttlMs: 10 },
      'ttlMs must be a finite number of milliseconds of at least 1000',
    ],
    [undefined, undefined, { instance: 'a', quantile: 2 }, 'quantile must be'],
    [undefined, undefined, { instance: 'a', clock: {} }, 'clock must be'],
  ])('refuses %j, %j, %j', (degradation, channel, options, message) => {
    const make = (): unknown =>
      new FleetLevel(
        (degradation ?? new Bench().degradation) as never,
        (channel ?? new MemoryChannel()) as never,
        options as never,
      );

    expect(make).toThrow(message);
  });
});
