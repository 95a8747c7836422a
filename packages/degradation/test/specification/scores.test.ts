import { eventLoopDelay, QueueWait, type Signal } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';
import { Bench } from '../support/bench.ts';
import { BlockingClock } from '../support/blocking-clock.ts';

const features = [
  { name: 'search' },
  { name: 'suggest', criticality: 'sheddable' },
  { name: 'checkout', criticality: 'critical' },
] as const;

type Name = (typeof features)[number]['name'];
type FeatureBench = Bench<Name>;

/** What the service offers at the end. */
function offered({ degradation }: FeatureBench): object {
  return {
    level: degradation.level,
    on: features.map(({ name }) => name).filter((name) => degradation.isEnabled(name, 'alice')),
    admitted: (['sheddable', 'normal', 'critical', 'system'] as const).filter(
      (each) => degradation.admit(each, 'alice').admitted,
    ),
  };
}

const all = {
  level: 'normal',
  on: ['search', 'suggest', 'checkout'],
  admitted: ['sheddable', 'normal', 'critical', 'system'],
};
const reduced = { ...all, level: 'reduced', on: ['checkout'] };
const critical = { level: 'critical', on: ['checkout'], admitted: ['critical', 'system'] };

interface Row {
  readonly row: string;
  readonly signals?: readonly Signal[];
  /** `undefined` for no smoothing, so that a sample is the score. */
  readonly smoothing?: object;
  readonly play: (bench: FeatureBench) => void;
  readonly expected: object;
  readonly levels: readonly string[];
}

const utilization = (reading: number): Signal => ({
  name: 'elu',
  kind: 'utilization',
  read: () => reading,
});
const queueWait = (waitMs: number): Signal => {
  const signal = new QueueWait();
  return {
    name: signal.name,
    kind: 'queueing',
    read: () => {
      for (let i = 0; i < 20; i += 1) signal.record(waitMs);
      return signal.read();
    },
  };
};
const broken = (name: string, read: () => unknown): Signal => ({ name, read: read as () => number });

const rows: readonly Row[] = [
  {
    row: '16.6 0.79 for ever',
    play: (bench) => bench.holdMs(0.79, 3_600_000),
    expected: all,
    levels: [],
  },
  {
    row: '16.6 one sample 1.0, rest 0.3',
    play: (bench) => {
      bench.hold(0.3, 100);
      bench.hold(1, 1);
      bench.hold(0.3, 1);
    },
    expected: all,
    levels: [],
  },
  {
    row: '16.6 0.80 × 4',
    play: (bench) => bench.hold(0.8, 4),
    expected: reduced,
    levels: ['normal to reduced'],
  },
  {
    row: '16.6 oscillating 0.78/0.82 for 60 s',
    smoothing: {},
    play: (bench) => {
      for (let i = 0; i < 120; i += 1) {
        bench.hold(0.82, 1);
        bench.hold(0.78, 1);
      }
    },
    expected: reduced,
    levels: ['normal to reduced'],
  },
  {
    row: '16.6 0.96 × 2 from normal',
    play: (bench) => bench.hold(0.96, 2),
    expected: critical,
    levels: ['normal to critical'],
  },
  {
    row: '16.6 critical then 0.2, just under 10 s later',
    play: (bench) => {
      bench.hold(0.96, 2);
      bench.holdMs(0.2, 9_750);
    },
    expected: critical,
    levels: ['normal to critical'],
  },
  {
    row: '16.6 critical then 0.2, just under 20 s later',
    play: (bench) => {
      bench.hold(0.96, 2);
      bench.holdMs(0.2, 19_750);
    },
    // Calls come back the more critical first.
    expected: { ...reduced, admitted: ['normal', 'critical', 'system'] },
    levels: ['normal to critical', 'critical to reduced'],
  },
  {
    row: '16.6 critical then 0.2, two trials later',
    play: (bench) => {
      bench.hold(0.96, 2);
      bench.holdMs(0.2, 40_000 + 2 * 15_250);
    },
    expected: all,
    levels: ['normal to critical', 'critical to reduced', 'reduced to normal'],
  },
  {
    row: '16.6 score jumps to 0.9 during probe of F2',
    play: (bench) => {
      bench.hold(0.8, 4);
      bench.holdMs(0.2, 10_000 + 15_250);
      bench.hold(0.9, 1);
    },
    // F1 is `search` and stays; F2 is `suggest` and is rolled back.
    expected: { ...all, on: ['search', 'checkout'], admitted: ['normal', 'critical', 'system'] },
    levels: ['normal to reduced', 'reduced to normal'],
  },
  ...(
    [
      ['NaN', () => Number.NaN],
      ['Infinity', () => Infinity],
      [
        'an error',
        () => {
          throw new Error('unreadable');
        },
      ],
      ['a promise that never settles', () => new Promise(() => undefined)],
    ] as const
  ).map(([what, read]): Row => ({
    row: `16.6 signal returns ${what}`,
    signals: [broken('broken', read), { name: 'whole', kind: 'queueing', read: () => 0.4 }],
    play: (bench) => bench.holdMs(0, 60_000),
    expected: all,
    levels: [],
  })),
  {
    row: '16.6 ELU 1.0 for a minute, queue wait 0, loop delay low',
    signals: [utilization(1), queueWait(0), eventLoopDelay({ clock: new BlockingClock() })],
    play: (bench) => bench.holdMs(0, 60_000),
    expected: reduced,
    levels: ['normal to reduced'],
  },
  {
    row: '16.6 ELU 1.0 and queue wait at its target',
    signals: [utilization(1), queueWait(50)],
    play: (bench) => bench.hold(0, 2),
    expected: critical,
    levels: ['normal to critical'],
  },
];

describe('the score', () => {
  it.each(rows)('$row', ({ signals, smoothing, play, expected, levels }) => {
    const bench = new Bench<Name>({ features, ...(signals && { signals }), ...(smoothing && { smoothing }) });

    play(bench);

    expect(offered(bench)).toEqual(expected);
    expect(bench.told('level-changed')).toEqual(levels);
    expect(bench.told('signal-lost')).toEqual(signals?.[0]?.name === 'broken' ? ['broken lost'] : []);
  });

  it('16.6 critical then 0.2: features in reverse order, one at a time', () => {
    const bench = new Bench<Name>({ features });
    bench.hold(0.96, 2);
    bench.holdMs(0.2, 80_000);

    expect(bench.told('feature-disabled')).toEqual(['suggest disabled', 'search disabled']);
    expect(bench.told('feature-probing', 'feature-restored')).toEqual([
      ...[0.1, 0.5, 1].map((share) => `search probing ${share}`),
      'search restored',
      ...[0.1, 0.5, 1].map((share) => `suggest probing ${share}`),
      'suggest restored',
    ]);
  });

  it('16.6 score jumps to 0.9 during probe of F2: hold-off doubled', () => {
    const bench = new Bench<Name>({ features });
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 10_000 + 15_250);
    bench.hold(0.9, 1);

    expect(bench.events.find(({ type }) => type === 'feature-rolled-back')).toMatchObject({
      feature: 'suggest',
      holdOffMs: 20_000,
    });
  });

  it('16.6 300 ms block across a sample boundary: visible as ≥ 290 ms, wherever it begins', () => {
    for (let beginsAt = 0; beginsAt < 250; beginsAt += 1) {
      const clock = new BlockingClock();
      const delay = eventLoopDelay({ clock, calmMs: 0, fullMs: 1_000 });
      const bench = new Bench({ signals: [delay], clock });
      const scores: number[] = [];
      clock.advanceSync(beginsAt);

      clock.stall(300);
      for (let elapsedMs = 0; elapsedMs < 500; elapsedMs += 10) {
        scores.push(bench.degradation.score);
        clock.advanceSync(10);
      }

      expect(Math.max(...scores)).toBeGreaterThanOrEqual(0.29);
      expect(Math.max(...scores)).toBeLessThanOrEqual(0.3);
    }
  });

  it('16.6 timers paused (debugger, SIGSTOP) 30 s: no false critical on resume', () => {
    const clock = new BlockingClock();
    const bench = new Bench({
      signals: [eventLoopDelay({ clock }), utilization(0.2)],
      smoothing: {},
      clock,
    });
    clock.advanceSync(10_000);

    clock.block(30_000);
    clock.advanceSync(20_000);

    expect(bench.told('level-changed')).toEqual([]);
  });
});
