import { isHoldfastError } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import {
  Degradation,
  type DegradationEvent,
  eventLoopDelay,
  type Level,
  ShedError,
  type Signal,
} from '@holdfast/degradation';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { Bench, sampleMs } from './support/bench.ts';
import { BlockingClock } from './support/blocking-clock.ts';

const features = [
  { name: 'search' },
  { name: 'suggest', criticality: 'sheddable' },
  { name: 'history', criticality: 'degradable' },
  { name: 'checkout', criticality: 'critical' },
] as const;

type Run = readonly [score: number, samples: number];
const seconds = (score: number, count: number): Run => [score, (count * 1_000) / sampleMs];

describe('Degradation.level', () => {
  const cases: readonly { title: string; runs: readonly Run[]; level: Level; changes: readonly string[] }[] =
    [
      { title: 'stays normal at 0.79 for ever', runs: [seconds(0.79, 600)], level: 'normal', changes: [] },
      {
        title: 'stays normal at one sample of 1.0 among 0.3',
        runs: [
          [0.3, 4],
          [1, 1],
          [0.3, 40],
        ],
        level: 'normal',
        changes: [],
      },
      {
        title: 'stays normal at three samples of 0.80',
        runs: [
          [0.8, 3],
          [0.79, 1],
          [0.8, 3],
        ],
        level: 'normal',
        changes: [],
      },
      {
        title: 'is reduced after four samples of 0.80',
        runs: [[0.8, 4]],
        level: 'reduced',
        changes: ['normal to reduced'],
      },
      {
        title: 'is critical after two samples of 0.96',
        runs: [[0.96, 2]],
        level: 'critical',
        changes: ['normal to critical'],
      },
      {
        title: 'stays out of critical at one sample of 0.96',
        runs: [
          [0.8, 4],
          [0.96, 1],
          [0.94, 9],
        ],
        level: 'reduced',
        changes: ['normal to reduced'],
      },
      {
        title: 'goes from reduced to critical without waiting',
        runs: [
          [0.8, 4],
          [0.95, 2],
        ],
        level: 'critical',
        changes: ['normal to reduced', 'reduced to critical'],
      },
      {
        title: 'stays critical for 10 s and falls one level at a time',
        runs: [[0.96, 2], seconds(0.2, 9.75)],
        level: 'critical',
        changes: ['normal to critical'],
      },
      {
        title: 'is reduced 10 s after critical began, and normal 10 s after that',
        runs: [[0.96, 2], seconds(0.2, 10), seconds(0.2, 9.75)],
        level: 'reduced',
        changes: ['normal to critical', 'critical to reduced'],
      },
      {
        title: 'is normal again 20 s after critical began',
        runs: [[0.96, 2], seconds(0.2, 20)],
        level: 'normal',
        changes: ['normal to critical', 'critical to reduced', 'reduced to normal'],
      },
      {
        title: 'stays reduced at 0.70',
        runs: [[0.8, 4], seconds(0.7, 60)],
        level: 'reduced',
        changes: ['normal to reduced'],
      },
      {
        title: 'stays critical at 0.85',
        runs: [[0.96, 2], seconds(0.85, 60)],
        level: 'critical',
        changes: ['normal to critical'],
      },
      {
        title: 'stays reduced while the calm is shorter than 5 s',
        runs: [[0.8, 4], seconds(0.75, 8), seconds(0.5, 4.75), [0.71, 1], seconds(0.5, 4.75)],
        level: 'reduced',
        changes: ['normal to reduced'],
      },
    ];

  it.each(cases)('$title', ({ runs, level, changes }) => {
    const bench = new Bench();
    for (const [score, samples] of runs) bench.hold(score, samples);

    expect(bench.degradation.level).toBe(level);
    expect(bench.told('level-changed')).toEqual(changes);
  });

  it('settles on reduced when the load swings between 0.78 and 0.82 for 60 s', () => {
    const bench = new Bench({ smoothing: {} });
    for (let i = 0; i < 120; i += 1) {
      bench.hold(0.82, 1);
      bench.hold(0.78, 1);
    }

    expect(bench.told('level-changed')).toEqual(['normal to reduced']);
  });

  it('rises with a half-life of 0.5 s and falls with one of 5 s', () => {
    const bench = new Bench({ smoothing: {} });
    bench.holdMs(1, 500);
    expect(bench.degradation.score).toBeCloseTo(0.5);
    bench.holdMs(0, 5_000);
    expect(bench.degradation.score).toBeCloseTo(0.25);
  });

  it('takes no level for a process that was suspended for 30 s', () => {
    const clock = new BlockingClock();
    const degradation = new Degradation({ signals: [eventLoopDelay({ clock })], clock }).start();
    clock.advanceSync(10_000);

    clock.block(30_000);
    clock.advanceSync(20_000);

    expect(degradation.statistics()).toMatchObject({ level: 0, transitions: 0 });
  });
});

describe('Degradation with several signals', () => {
  const effect = { name: 'cpu', kind: 'utilization' } as const;
  const wait = { name: 'wait', kind: 'queueing' } as const;

  function measured(...signals: readonly Signal[]): Bench<'search'> {
    const bench = new Bench({ signals, features: [{ name: 'search' }] });
    bench.hold(0, 240);
    return bench;
  }

  it('scores the highest of them', () => {
    const { degradation } = measured({ name: 'a', read: () => 0.3 }, { name: 'b', read: () => 0.6 });

    expect(degradation.score).toBe(0.6);
  });

  it('takes functions with a name for signals', () => {
    const heat = (): number => 0.4;

    expect(measured(heat as unknown as Signal).degradation.score).toBe(0.4);
  });

  it('is at most reduced by a busy processor alone: features go off, nobody is refused', () => {
    const { degradation } = measured({ ...effect, read: () => 1 }, { ...wait, read: () => 0.49 });

    expect(degradation.level).toBe('reduced');
    expect(degradation.score).toBe(0.94);
    expect(degradation.isEnabled('search')).toBe(false);
    for (const each of ['sheddable', 'normal', 'critical'] as const)
      expect(degradation.admit(each, 'alice').admitted).toBe(true);
  });

  it('is critical by a busy processor while work waits', () => {
    const { degradation } = measured({ ...effect, read: () => 0.96 }, { ...wait, read: () => 0.5 });

    expect(degradation.level).toBe('critical');
    expect(degradation.admit('normal', 'alice').admitted).toBe(false);
    expect(degradation.admit('critical', 'alice').admitted).toBe(true);
  });

  it.each<[string, () => unknown]>([
    ['NaN', () => Number.NaN],
    ['Infinity', () => Infinity],
    ['nothing', () => undefined],
    ['a promise', () => Promise.resolve(1)],
    ['a promise that rejects', () => Promise.reject(new Error('unreadable'))],
    [
      'an error',
      () => {
        throw new Error('unreadable');
      },
    ],
  ])('goes on without a signal that reads %s, and tells once', (_, read) => {
    const bench = measured(
      { name: 'broken', read: read as () => number },
      { name: 'whole', read: () => 0.4 },
    );

    expect(bench.degradation.score).toBe(0.4);
    expect(bench.degradation.level).toBe('normal');
    expect(bench.told('signal-lost')).toEqual(['broken lost']);
  });

  it('tells when a lost signal is back', () => {
    let reading = Number.NaN;
    const bench = measured({ name: 'shaky', read: () => reading });
    reading = 0.5;
    bench.hold(0, 1);
    expect(bench.degradation.score).toBe(0.5);
    bench.hold(0, 3);

    expect(bench.told('signal-lost', 'signal-recovered')).toEqual(['shaky lost', 'shaky recovered']);
  });

  it('tells nothing more of a signal that comes and goes', () => {
    let reading = Number.NaN;
    const bench = measured({
      name: 'shaky',
      read: () => (reading = Number.isNaN(reading) ? 0.5 : Number.NaN),
    });
    bench.hold(0, 240);

    expect(bench.told('signal-lost', 'signal-recovered')).toEqual(['shaky lost']);
  });

  it('holds the level for signalGraceMs when every signal is lost, and then returns to normal', () => {
    const bench = new Bench({ signalGraceMs: 15_000 });
    bench.hold(0.96, 2);
    bench.holdMs(Number.NaN, 14_750);
    expect(bench.degradation).toMatchObject({ level: 'critical', score: 0.96 });

    bench.holdMs(Number.NaN, 30_000);

    expect(bench.degradation).toMatchObject({ level: 'normal', score: 0 });
  });

  it('does not raise the level by a score that only holds because every signal is lost', () => {
    const bench = new Bench();
    bench.hold(0.96, 1);
    bench.holdMs(Number.NaN, 10_000);
    expect(bench.degradation).toMatchObject({ level: 'normal', score: 0.96 });

    bench.hold(0.96, 1);

    expect(bench.degradation.level).toBe('critical');
  });

  it('does not end the level by a score that only holds because every signal is lost', () => {
    const bench = new Bench();
    bench.hold(0.96, 2);
    bench.holdMs(0.84, 4_000);
    bench.holdMs(Number.NaN, 29_750);

    expect(bench.degradation.level).toBe('critical');
  });

  it('takes a reading below 0 for 0 and one above 1.2 for 1.2', () => {
    const bench = new Bench();
    bench.hold(-5, 1);
    expect(bench.degradation.score).toBe(0);
    bench.hold(1e9, 1);
    expect(bench.degradation.score).toBe(1.2);
  });
});

describe('Degradation.admit', () => {
  const shares = (bench: Bench): Record<string, number> =>
    Object.fromEntries(
      (['sheddable', 'degradable', 'normal', 'critical', 'system'] as const).map((each) => [
        each,
        Number(bench.degradation.admit(each, 'alice').refusedRatio.toFixed(2)),
      ]),
    );

  it.each([
    [0.79, { sheddable: 0, degradable: 0, normal: 0, critical: 0, system: 0 }],
    [0.85, { sheddable: 0.5, degradable: 0.25, normal: 0, critical: 0, system: 0 }],
    [0.9, { sheddable: 1, degradable: 0.75, normal: 0.5, critical: 0, system: 0 }],
    [0.95, { sheddable: 1, degradable: 1, normal: 1, critical: 0, system: 0 }],
    [1.035, { sheddable: 1, degradable: 1, normal: 1, critical: 0.5, system: 0 }],
    [1.2, { sheddable: 1, degradable: 1, normal: 1, critical: 1, system: 0 }],
  ])('refuses by criticality at score %f', (score, expected) => {
    const bench = new Bench();
    bench.hold(score, 1);

    expect(shares(bench)).toEqual(expected);
  });

  it('refuses about its share of the subjects, and each of them always', () => {
    const bench = new Bench();
    bench.hold(0.9, 1);
    const subjects = Array.from({ length: 2_000 }, (_, i) => `user ${i}`);
    const refusedNow = (): string[] =>
      subjects.filter((each) => !bench.degradation.admit('normal', each).admitted);
    const refused = refusedNow();

    expect(refused.length / subjects.length).toBeCloseTo(0.5, 1);
    expect(refusedNow()).toEqual(refused);

    bench.clock.shiftEpoch(3_600_000);
    bench.hold(0.9, 1);
    const nextHour = refusedNow();
    expect(nextHour.length / subjects.length).toBeCloseTo(0.5, 1);
    expect(nextHour.filter((each) => refused.includes(each)).length / refused.length).toBeCloseTo(0.5, 1);
  });

  it('draws lots for calls without a subject', () => {
    let drawn = 0.49;
    const bench = new Bench({ random: () => drawn });
    bench.hold(0.9, 1);

    expect(bench.degradation.admit('normal').admitted).toBe(false);
    drawn = 0.51;
    expect(bench.degradation.admit('normal').admitted).toBe(true);
  });

  it('asks the refused to come back when the level may be over, spread by a quarter', () => {
    const bench = new Bench();
    bench.hold(0.96, 2);
    const waits = Array.from(
      { length: 300 },
      (_, i) => bench.degradation.admit('normal', `user ${i}`).retryAfterMs,
    );

    expect(Math.min(...waits)).toBeGreaterThanOrEqual(10_000);
    expect(Math.min(...waits)).toBeLessThan(10_100);
    expect(Math.max(...waits)).toBeGreaterThan(12_400);
    expect(Math.max(...waits)).toBeLessThanOrEqual(12_500);
    bench.hold(0.96, 200);
    expect(bench.degradation.admit('normal', 'user').retryAfterMs).toBeLessThanOrEqual(6_250);
  });

  it('tells once that it begins and once that it stops, with the counts', () => {
    const bench = new Bench();
    bench.hold(0.96, 4);
    for (let i = 0; i < 5; i += 1) bench.degradation.admit('normal', 'alice');
    bench.degradation.admit('sheddable', 'alice');
    bench.holdMs(0.2, 45_000);

    expect(bench.told('admission-started', 'admission-stopped')).toEqual([
      'admission-started',
      'admission-stopped',
    ]);
    expect(bench.events.find(({ type }) => type === 'admission-stopped')).toMatchObject({
      refused: { normal: 5, sheddable: 1, critical: 0 },
      // The first sample of 0.96 refuses already; critical ends 10 s after the second, and then they come back in 30 s.
      durationMs: 40_250,
    });
    expect(bench.degradation.statistics().refused).toEqual({
      sheddable: 1,
      degradable: 0,
      normal: 5,
      critical: 0,
      system: 0,
    });
  });

  it('tells how many were refused at most once a second, and of the rest when it stops', () => {
    const bench = new Bench();
    bench.hold(0.96, 2);
    for (let i = 0; i < 9; i += 1) {
      bench.degradation.admit('normal', 'alice');
      bench.hold(0.96, 1);
    }
    bench.degradation.admit('normal', 'alice');
    bench.degradation.force('normal', 1_000);
    const told = bench.events.filter(({ type }) => type === 'admission-refused');

    expect(told).toMatchObject([
      { durationMs: 1_000, refused: { normal: 3 } },
      { durationMs: 1_000, refused: { normal: 4 } },
      { durationMs: 500, refused: { normal: 3 } },
    ]);
  });

  it.each(['constructor', '__proto__'])('throws on the criticality %s, which every object has', (name) => {
    const degradation = new Degradation({
      signals: [
        function load() {
          return 0;
        },
      ],
    });

    expect(() => degradation.admit(name as never)).toThrow(`criticality must be one of 'sheddable'`);
  });

  it('loses a signal that reads what has no text', () => {
    const degradation = new Degradation({
      signals: [{ name: 'load', read: () => Object.create(null) as number }],
    });
    const events: DegradationEvent[] = [];
    degradation.events.subscribe((event) => events.push(event));
    degradation.sample();

    expect(events).toMatchObject([
      { type: 'signal-lost', signal: 'load', error: { message: 'the signal read what has no text' } },
    ]);
  });

  it('throws on an unknown criticality, whatever the load', () => {
    const { degradation } = new Bench();

    expect(() => degradation.admit('vital' as 'critical')).toThrow(
      "criticality must be one of 'sheddable', 'degradable', 'normal', 'critical', 'system', got 'vital'",
    );
  });
});

describe('Degradation features', () => {
  const comingBack = (name: string): string[] => [0.1, 0.5, 1].map((share) => `${name} probing ${share}`);

  it('go off in level reduced, the least critical first, and critical ones never', () => {
    const bench = new Bench({ features });
    bench.hold(0.8, 3);
    expect(bench.degradation.statistics().featuresDisabled).toBe(0);
    bench.hold(0.8, 1);

    expect(bench.told('feature-disabled')).toEqual([
      'suggest disabled',
      'history disabled',
      'search disabled',
    ]);
    expect(bench.degradation.isEnabled('checkout')).toBe(true);
    expect(bench.degradation.isEnabled('search', 'alice')).toBe(false);
    expect(bench.degradation.statistics().featuresDisabled).toBe(3);
  });

  it('go off one by one as the score passes their disableAt, and all at once in level critical', () => {
    const bench = new Bench({
      features: [{ name: 'early' }, { name: 'late', disableAt: 0.9 }, { name: 'never', disableAt: 2 }],
    });
    bench.hold(0.85, 4);
    expect(bench.told('feature-disabled')).toEqual(['early disabled']);
    bench.hold(0.9, 1);
    expect(bench.told('feature-disabled')).toEqual(['early disabled', 'late disabled']);
    bench.hold(0.95, 2);
    expect(bench.told('feature-disabled').at(-1)).toBe('never disabled');
  });

  it('come back in reverse order, one at a time, to 10, 50 and 100 % of the subjects', () => {
    const bench = new Bench({ features });
    bench.hold(0.96, 2);
    bench.holdMs(0.2, 39_750);
    expect(bench.told('feature-probing')).toEqual([]);

    bench.holdMs(0.2, 50_000);

    expect(bench.told('feature-probing', 'feature-restored')).toEqual([
      ...comingBack('search'),
      'search restored',
      ...comingBack('history'),
      'history restored',
      ...comingBack('suggest'),
      'suggest restored',
    ]);
    expect(bench.degradation.statistics().featuresDisabled).toBe(0);
  });

  it('come back after the calls that were refused', () => {
    const bench = new Bench({ features });
    bench.hold(0.96, 2);
    bench.holdMs(0.2, 42_000);

    expect(bench.told('admission-stopped', 'feature-probing')).toEqual([
      'admission-stopped',
      'search probing 0.1',
    ]);
  });

  it('stay at each step for 5 s, 20 % more or less', () => {
    const lastAt = (random: number): number => {
      const bench = new Bench({ features: [{ name: 'search' }], random: () => random });
      bench.hold(0.8, 4);
      bench.holdMs(0.2, 10_000);
      const beganAt = bench.clock.now();
      while (bench.told('feature-restored').length === 0) bench.hold(0.2, 1);
      return bench.clock.now() - beganAt;
    };

    expect(lastAt(0)).toBe(12_000);
    expect(lastAt(0.999_999)).toBe(18_000);
  });

  it('are on for a growing set of subjects while they come back, and without a subject last', () => {
    const bench = new Bench({ features: [{ name: 'search' }] });
    const subjects = Array.from({ length: 1_000 }, (_, i) => `user ${i}`);
    const enabled = (): string[] => subjects.filter((each) => bench.degradation.isEnabled('search', each));
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 10_000);
    const tenth = enabled();
    expect(bench.degradation.isEnabled('search')).toBe(false);
    bench.holdMs(0.2, 5_000);
    const half = enabled();

    expect(tenth.length / 1_000).toBeCloseTo(0.1, 1);
    expect(half.length / 1_000).toBeCloseTo(0.5, 1);
    expect(half).toEqual(expect.arrayContaining(tenth));
    bench.holdMs(0.2, 5_000);
    expect(bench.degradation.isEnabled('search')).toBe(true);
  });

  it('are rolled back when the score jumps, while those that are back stay', () => {
    const bench = new Bench({ features: [{ name: 'second' }, { name: 'first' }] });
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 10_000 + 15_000 + 250);
    expect(bench.told('feature-restored', 'feature-probing').slice(-2)).toEqual([
      'first restored',
      'second probing 0.1',
    ]);

    bench.hold(0.9, 1);

    expect(bench.events.at(-1)).toMatchObject({
      type: 'feature-rolled-back',
      feature: 'second',
      holdOffMs: 20_000,
    });
    expect(bench.degradation.isEnabled('first')).toBe(true);
    expect(bench.degradation.isEnabled('second')).toBe(false);
    bench.holdMs(0.2, 19_750);
    expect(bench.told('feature-probing').at(-1)).toBe('second probing 0.1');
    bench.holdMs(0.2, 250 + 5_000);
    expect(bench.told('feature-probing').at(-1)).toBe('second probing 0.5');
  });

  it('are rolled back when the score rises by more than 0.10 over what it was before, to where reduced would hold', () => {
    const bench = new Bench({ features: [{ name: 'search' }] });
    bench.hold(0.8, 4);
    bench.holdMs(0.65, 10_000);
    bench.hold(0.75, 4);
    expect(bench.told('feature-rolled-back')).toEqual([]);

    bench.hold(0.76, 1);

    expect(bench.told('feature-rolled-back')).toEqual(['search rolled-back']);
    expect(bench.degradation.level).toBe('normal');
  });

  it('stay however much the score rises below where reduced would end: that is room for them', () => {
    const bench = new Bench({ features: [{ name: 'search' }] });
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 10_000);

    bench.hold(0.69, 2);
    expect(bench.told('feature-rolled-back')).toEqual([]);
    bench.hold(0.7, 1);

    expect(bench.told('feature-rolled-back')).toEqual(['search rolled-back']);
  });

  it('wait for a hold-off after the roll-back of another', () => {
    const bench = new Bench({ features: [{ name: 'second' }, { name: 'first' }] });
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 10_000);
    bench.hold(0.75, 1);
    bench.holdMs(0.2, 9_750);
    expect(bench.told('feature-probing', 'feature-rolled-back')).toEqual([
      'first probing 0.1',
      'first rolled-back',
    ]);

    bench.hold(0.2, 1);

    expect(bench.told('feature-probing').at(-1)).toBe('second probing 0.1');
  });

  it('wait longer after each roll-back, up to the limit, and less again after calm', () => {
    const recovery = { holdOffMs: 1_000, maxHoldOffMs: 4_000, calmMs: 60_000 };
    const bench = new Bench({ features: [{ name: 'search' }], recovery });
    const holdOffs = (): number[] =>
      bench.events.flatMap((event) => (event.type === 'feature-rolled-back' ? [event.holdOffMs] : []));
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 10_000);
    for (const waitMs of [2_000, 4_000, 4_000]) {
      bench.hold(0.75, 1);
      bench.holdMs(0.2, waitMs);
    }
    expect(holdOffs()).toEqual([2_000, 4_000, 4_000]);

    bench.holdMs(0.2, 15_000 + 60_000);
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 10_000);
    bench.hold(0.75, 1);
    // Halved once by the calm minute, doubled by the roll-back.
    expect(holdOffs().at(-1)).toBe(4_000);
    bench.holdMs(0.2, 4_000 + 15_000 + 120_000);
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 10_000);
    bench.hold(0.75, 1);
    expect(holdOffs().at(-1)).toBe(2_000);
  });

  it('go off before what they depend on, and come back after it', () => {
    const bench = new Bench({
      features: [
        { name: 'index', criticality: 'sheddable' },
        { name: 'search', criticality: 'normal', disableAt: 2, dependsOn: ['index'] },
      ],
    });
    bench.hold(0.8, 4);
    expect(bench.told('feature-disabled')).toEqual(['search disabled', 'index disabled']);
    expect(bench.events.at(-2)).toMatchObject({ feature: 'search', because: 'index' });

    bench.holdMs(0.2, 60_000);

    expect(bench.told('feature-restored')).toEqual(['index restored', 'search restored']);
  });

  it('come back by restoreOrder where they have one', () => {
    const bench = new Bench({
      features: [{ name: 'a', restoreOrder: 2 }, { name: 'b', restoreOrder: 1 }, { name: 'c' }],
    });
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 80_000);

    expect(bench.told('feature-restored')).toEqual(['b restored', 'a restored', 'c restored']);
  });

  it('stay off while the score is between exit and enter', () => {
    const bench = new Bench({ features: [{ name: 'search' }] });
    bench.hold(0.8, 4);
    bench.holdMs(0.75, 600_000);

    expect(bench.told('feature-probing')).toEqual([]);
  });

  it('throw on a name that is none', () => {
    const { degradation } = new Bench({ features });

    // @ts-expect-error There is no such feature.
    expect(() => degradation.isEnabled('serach')).toThrow(
      "feature must be the name of a feature, got 'serach'",
    );
    expectTypeOf<typeof degradation.isEnabled>()
      .parameter(0)
      .toEqualTypeOf<'search' | 'suggest' | 'history' | 'checkout'>();
  });
});

describe('Degradation.guard', () => {
  it('runs the operation while the feature is on, and the fallback while it is off', async () => {
    const bench = new Bench({ features });
    const guarded = (): Promise<string> =>
      bench.degradation.guard(
        'search',
        ({ attempt }) => `ran ${attempt}`,
        () => 'fell back',
      );

    expect(await guarded()).toBe('ran 0');
    bench.hold(0.8, 4);
    expect(await guarded()).toBe('fell back');
  });

  it('asks for the key of the call, else for its tenant', async () => {
    const bench = new Bench({ features: [{ name: 'search' }] });
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 15_000);
    const subject = Array.from({ length: 100 }, (_, i) => `user ${i}`).find((each) =>
      bench.degradation.isEnabled('search', each),
    );

    for (const options of [{ key: subject }, { tenant: subject }])
      expect(
        await bench.degradation.guard(
          'search',
          () => true,
          () => false,
          options,
        ),
      ).toBe(true);
    expect(
      await bench.degradation.guard(
        'search',
        () => true,
        () => false,
      ),
    ).toBe(false);
  });

  it('passes errors through, and starts nothing for a cancelled call', async () => {
    const { degradation } = new Bench({ features });
    const broken = new Error('broken');
    const signal = AbortSignal.abort(new Error('gone'));

    await expect(
      degradation.guard(
        'search',
        () => Promise.reject(broken),
        () => 1,
      ),
    ).rejects.toBe(broken);
    await expect(
      degradation.guard(
        'search',
        () => 1,
        () => 2,
        { signal },
      ),
    ).rejects.toThrow('gone');
  });
});

describe('Degradation.execute', () => {
  it('runs the operation, and throws ShedError instead when the call is refused', async () => {
    const bench = new Bench({ name: 'api' });
    const broken = new Error('broken');
    expect(await bench.degradation.execute(() => 'ran')).toBe('ran');
    await expect(bench.degradation.execute(() => Promise.reject(broken))).rejects.toBe(broken);
    bench.hold(0.96, 2);

    const error = await bench.degradation
      .execute(() => 'ran', { key: 'alice' })
      .catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ShedError);
    expect(isHoldfastError(error, 'ERR_SHED')).toBe(true);
    expect(error).toMatchObject({ policy: 'api', status: 503, criticality: 'normal', level: 'critical' });
    expect((error as ShedError).retryAfterMs).toBeGreaterThanOrEqual(10_000);
    expect(await bench.degradation.execute(() => 'ran', { criticality: 'critical' })).toBe('ran');
  });

  it('rejects with the signal’s reason when cancelled before', async () => {
    const { degradation } = new Bench();
    const signal = AbortSignal.abort(new Error('gone'));

    await expect(degradation.execute(() => 1, { signal })).rejects.toThrow('gone');
  });
});

describe('Degradation.force', () => {
  it('sets the level until it expires, and then the measured one holds again', async () => {
    const bench = new Bench({ features });
    bench.degradation.force('critical', 60_000);
    expect(bench.degradation.level).toBe('critical');
    expect(bench.degradation.admit('normal', 'alice').admitted).toBe(false);
    expect(bench.degradation.isEnabled('search')).toBe(false);

    bench.holdMs(0.2, 59_750);
    expect(bench.degradation.level).toBe('critical');
    bench.hold(0.2, 1);

    expect(bench.degradation.level).toBe('normal');
    expect(bench.told('override-set', 'override-ended', 'level-changed')).toEqual([
      'critical set',
      'normal to critical',
      'critical expired',
      'critical to normal',
    ]);
  });

  it('expires without sampling, by one background timer', () => {
    const clock = new ManualClock();
    const degradation = new Degradation({ signals: [{ name: 'load', read: () => 0 }], clock });
    degradation.force('reduced', 1_000);
    expect([clock.pending('background'), clock.pending('foreground')]).toEqual([1, 0]);

    clock.advanceSync(1_000);

    expect(degradation.level).toBe('normal');
    expect(clock.pending()).toBe(0);
  });

  it('can be lifted, once', () => {
    const bench = new Bench();
    const lift = bench.degradation.force('critical', 60_000);
    lift[Symbol.dispose]();
    bench.degradation.force('reduced', 60_000);
    lift[Symbol.dispose]();

    expect(bench.degradation.level).toBe('reduced');
    expect(bench.told('override-ended')).toEqual(['critical lifted']);
  });

  it('replaces an earlier override', () => {
    const bench = new Bench();
    bench.degradation.force('critical', 1_000);
    bench.degradation.force('reduced', 60_000);
    bench.holdMs(0, 2_000);

    expect(bench.degradation.level).toBe('reduced');
    expect(bench.told('override-ended')).toEqual(['critical replaced']);
  });

  it('switches off in reduced what the beginning of that level would', () => {
    const bench = new Bench({ features: [{ name: 'early' }, { name: 'late', disableAt: 0.9 }] });
    bench.degradation.force('reduced', 1_000);

    expect(bench.told('feature-disabled')).toEqual(['early disabled']);
  });

  it('lets everybody in and features come back under normal, whatever is measured', () => {
    const bench = new Bench({ features: [{ name: 'search' }] });
    bench.hold(0.96, 2);
    bench.degradation.force('normal', 600_000);
    expect(bench.degradation.admit('sheddable', 'alice').admitted).toBe(true);

    bench.holdMs(0.96, 60_000);

    expect(bench.degradation.isEnabled('search')).toBe(true);
  });

  it.each<[unknown, unknown, string]>([
    ['low', 1, "level must be one of 'normal', 'reduced', 'critical', got 'low'"],
    ['reduced', 0, 'ttlMs must be a finite number of milliseconds of at least 1, got 0'],
    ['reduced', Infinity, 'ttlMs must be a finite number of milliseconds'],
  ])('refuses %j for %j ms', (level, ttlMs, message) => {
    const { degradation } = new Bench();

    expect(() => degradation.force(level as Level, ttlMs as number)).toThrow(message);
  });
});

describe('Degradation', () => {
  it('holds no timer before start and after disposal, and a background one in between', () => {
    const clock = new ManualClock();
    const degradation = new Degradation({ signals: [eventLoopDelay({ clock })], clock });
    expect(clock.pending()).toBe(0);
    degradation.start();
    degradation.start();
    expect([clock.pending('background'), clock.pending('foreground')]).toEqual([2, 0]);
    degradation.force('reduced', 1_000);

    degradation[Symbol.dispose]();

    expect(clock.pending()).toBe(0);
    degradation[Symbol.dispose]();
  });

  it('leaves no signal started when one of them cannot start, and starts all the next time', () => {
    const clock = new ManualClock();
    let broken = true;
    const started: string[] = [];
    const signal = (name: string): Signal => ({
      name,
      read: () => 0,
      start: () => {
        if (broken && name === 'second') throw new Error('no such sensor');
        started.push(name);
        return { [Symbol.dispose]: () => void started.splice(started.indexOf(name), 1) };
      },
    });
    const degradation = new Degradation({ signals: [signal('first'), signal('second')], clock });

    expect(() => degradation.start()).toThrow('no such sensor');
    expect(started).toEqual([]);
    expect(clock.pending()).toBe(0);

    broken = false;
    degradation.start();
    expect(started).toEqual(['first', 'second']);
  });

  it('can be sampled by hand', () => {
    const clock = new ManualClock();
    const degradation = new Degradation({
      signals: [{ name: 'load', read: () => 1 }],
      smoothing: { upHalfLifeMs: 0 },
      clock,
    });
    degradation.sample();
    degradation.sample();

    expect(degradation.level).toBe('critical');
  });

  it('tells how long it was at each level', () => {
    const bench = new Bench();
    bench.holdMs(0.2, 1_000);
    bench.hold(0.96, 2);
    bench.holdMs(0.2, 13_000);

    expect(bench.degradation.name).toBe('degradation');
    expect(bench.degradation.statistics()).toEqual({
      component: 'degradation',
      level: 1,
      score: 0.2,
      transitions: 2,
      msAt: { normal: 1_500, critical: 10_000, reduced: 3_000 },
      featuresDisabled: 0,
      refused: { sheddable: 0, degradable: 0, normal: 0, critical: 0, system: 0 },
      probes: { restored: 0, rolledBack: 0 },
      dryRun: false,
    });
  });

  it('says with a new level what it comes from', () => {
    const bench = new Bench({ name: 'api' });
    bench.hold(0.8, 4);

    const expected: Partial<DegradationEvent> = {
      type: 'level-changed',
      degradation: 'api',
      score: 0.8,
      top: 'load',
      values: { load: 0.8 },
    };
    expect(bench.events.find(({ type }) => type === 'level-changed')).toMatchObject(expected);
  });
});
