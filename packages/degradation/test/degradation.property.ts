import type { DegradationEvent, FeatureOptions, Level } from '@holdfast/degradation';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { naiveLevels } from './model/naive-levels.ts';
import { Bench } from './support/bench.ts';

/** Not doubles: those are drawn by their bits, so that nearly all of them are next to 0. */
const upTo = (most: number): fc.Arbitrary<number> =>
  fc.nat(most * 1_000).map((thousandths) => thousandths / 1_000);
const scores = fc.oneof(upTo(1.2), fc.constantFrom(0, 0.2, 0.69, 0.7, 0.79, 0.8, 0.84, 0.85, 0.94, 0.95, 1));
/** Scores that last, as loads do. */
const loads = fc
  .array(fc.tuple(scores, fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 20, max: 90 }))), {
    maxLength: 14,
  })
  .map((runs) => runs.flatMap(([score, samples]) => Array.from({ length: samples }, () => score)));

const features: readonly FeatureOptions<'a' | 'b' | 'c' | 'd' | 'e'>[] = [
  { name: 'a', criticality: 'sheddable' },
  { name: 'b', disableAt: 0.9, dependsOn: ['a'] },
  { name: 'c', criticality: 'degradable', disableAt: 0.85, restoreOrder: 1 },
  { name: 'd' },
  { name: 'e', criticality: 'critical' },
];
const names = features.map(({ name }) => name);
const subjects = Array.from({ length: 20 }, (_, i) => `user ${i}`);
const recovery = { stepMs: 1_000, holdOffMs: 2_000, maxHoldOffMs: 8_000, calmMs: 20_000 };
const classes = ['sheddable', 'degradable', 'normal', 'critical', 'system'] as const;

type FeatureBench = Bench<'a' | 'b' | 'c' | 'd' | 'e'>;

function play(history: readonly number[]): FeatureBench {
  const bench = new Bench({ features, recovery });
  for (const score of history) bench.hold(score, 1);
  return bench;
}

/** Every pair of a feature and a subject for whom it is on. */
function enabledPairs({ degradation }: FeatureBench): string[] {
  return names.flatMap((name) =>
    subjects.filter((subject) => degradation.isEnabled(name, subject)).map((subject) => `${name} ${subject}`),
  );
}

const goesOff = new Set<DegradationEvent['type']>(['feature-disabled', 'feature-rolled-back']);
const probe = new Set<DegradationEvent['type']>([
  'feature-probing',
  'feature-restored',
  'feature-rolled-back',
]);

function featureOf(event: DegradationEvent): string {
  return 'feature' in event ? event.feature : '';
}

describe('Degradation', () => {
  it('invariant 18: takes the levels that a naive model takes from the whole history', () => {
    fc.assert(
      fc.property(loads, (history) => {
        const bench = new Bench();
        const levels = history.map((score): Level => {
          bench.hold(score, 1);
          return bench.degradation.level;
        });

        expect(levels).toEqual(naiveLevels(history));
      }),
    );
  });

  it('invariant 18: falls one level at a time, never within the dwell time, and replays the same', () => {
    fc.assert(
      fc.property(loads, (history) => {
        const bench = play(history);
        const order = ['normal', 'reduced', 'critical'];
        let samples = 0;
        let changedAt = 0;
        const replay = new Bench({ features, recovery });
        for (const score of history) {
          samples += 1;
          const before = replay.degradation.level;
          replay.hold(score, 1);
          const step = order.indexOf(replay.degradation.level) - order.indexOf(before);
          expect(step).toBeGreaterThanOrEqual(-1);
          expect(step >= 0 || samples - changedAt >= 40).toBe(true);
          if (step !== 0) changedAt = samples;
        }

        expect(replay.events).toEqual(bench.events);
      }),
    );
  });

  it('invariant 19: switches no more off at a lower score, no critical feature, and no dependency alone', () => {
    fc.assert(
      fc.property(loads, scores, scores, (history, one, other) => {
        const [calm, busy] = [play(history), play(history)];
        calm.hold(Math.min(one, other), 1);
        busy.hold(Math.max(one, other), 1);
        const stillOn = enabledPairs(busy);

        expect(enabledPairs(calm)).toEqual(expect.arrayContaining(stillOn));
        for (const subject of subjects) {
          expect(busy.degradation.isEnabled('e', subject)).toBe(true);
          expect(!busy.degradation.isEnabled('b', subject) || busy.degradation.isEnabled('a', subject)).toBe(
            true,
          );
        }
      }),
    );
  });

  it('invariant 20: brings one feature back at a time, and for each subject only once', () => {
    fc.assert(
      fc.property(loads, (history) => {
        const bench = new Bench({ features, recovery });
        let seen = 0;
        for (const score of history) {
          const before = enabledPairs(bench);
          bench.hold(score, 1);
          const now = new Set(enabledPairs(bench));
          const news = bench.events.slice(seen);
          seen = bench.events.length;
          const off = new Set(news.filter(({ type }) => goesOff.has(type)).map(featureOf));
          const lost = before.filter((pair) => !now.has(pair));
          expect(lost.filter((pair) => !off.has(pair.charAt(0)))).toEqual([]);
        }
        const probes = bench.events.filter(({ type }) => probe.has(type));
        for (const [i, event] of probes.entries()) {
          const earlier = probes[i - 1];
          const begins = earlier === undefined || earlier.type !== 'feature-probing';
          expect(begins || featureOf(earlier) === featureOf(event)).toBe(true);
        }
      }),
    );
  });

  it('invariant 21: refuses no smaller share at a higher score or a lower criticality, and system never', () => {
    fc.assert(
      fc.property(loads, scores, scores, (history, one, other) => {
        const [calm, busy] = [play(history), play(history)];
        calm.hold(Math.min(one, other), 1);
        busy.hold(Math.max(one, other), 1);
        const ratiosOf = ({ degradation }: FeatureBench): number[] =>
          classes.map((each) => degradation.admit(each, 'alice').refusedRatio);
        const [low, high] = [ratiosOf(calm), ratiosOf(busy)];

        for (const [i, ratio] of high.entries()) {
          expect(ratio).toBeGreaterThanOrEqual(low[i] ?? 1);
          expect(ratio).toBeLessThanOrEqual(high[i - 1] ?? 1);
        }
        expect(high.at(-1)).toBe(0);
      }),
    );
  });

  it('invariant 21: gives all calls of a subject the same answer within the hour, at the same load', () => {
    const minutes = fc.array(fc.integer({ min: 0, max: 59 }), { minLength: 2, maxLength: 5 });

    fc.assert(
      fc.property(
        fc.double({ min: 0.8, max: 1.1, noNaN: true }),
        fc.string(),
        minutes,
        (score, subject, at) => {
          const answers = at.map((minute) => {
            const bench = new Bench();
            bench.clock.shiftEpoch(minute * 60_000 - (bench.clock.epoch() % 3_600_000));
            bench.hold(score, 1);
            return bench.degradation.admit('normal', subject).admitted;
          });

          expect(new Set(answers).size).toBe(1);
        },
      ),
    );
  });

  it('invariant 21: refuses nobody who would be admitted at a higher score, within the hour', () => {
    fc.assert(
      fc.property(fc.array(scores, { minLength: 2 }), fc.string(), (history, subject) => {
        const outcomes = history
          .toSorted((a, b) => a - b)
          .map((score) => {
            const bench = new Bench();
            bench.hold(score, 1);
            return bench.degradation.admit('normal', subject).admitted;
          });

        expect(outcomes.toSorted((a, b) => Number(b) - Number(a))).toEqual(outcomes);
      }),
    );
  });

  it('invariant 22: has everything on again after a calm that is long enough, whatever came before', () => {
    fc.assert(
      fc.property(loads, upTo(0.69), (history, calm) => {
        const bench = play(history);
        // Two dwell times, then for each feature the longest hold-off and three steps with their samples. Calls come back
        // before them, in 120 s while work waits.
        bench.holdMs(calm, 2 * 10_000 + 120_000 + 4 * (8_000 + 3 * 1_250));

        expect(bench.degradation.level).toBe('normal');
        expect(bench.degradation.statistics().featuresDisabled).toBe(0);
        for (const each of classes)
          expect(bench.degradation.admit(each, 'alice')).toMatchObject({ admitted: true, refusedRatio: 0 });
      }),
    );
  });

  it('invariant 22: restores nothing while the score stays at or over the exit of the level', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.7, max: 1.2, noNaN: true }), (score) => {
        const bench = play([0.8, 0.8, 0.8, 0.8]);
        bench.hold(score, 400);

        expect(bench.told('feature-probing', 'feature-restored')).toEqual([]);
      }),
    );
  });

  it('invariant 23: tells of features in turn and numbers its events without a gap', () => {
    const before: Record<string, readonly (DegradationEvent['type'] | undefined)[]> = {
      'feature-disabled': [undefined, 'feature-restored'],
      'feature-probing': ['feature-disabled', 'feature-probing', 'feature-rolled-back'],
      'feature-restored': ['feature-probing'],
      'feature-rolled-back': ['feature-probing'],
    };

    fc.assert(
      fc.property(loads, (history) => {
        const { events } = play(history);
        const last = new Map<string, DegradationEvent['type']>();
        for (const [i, event] of events.entries()) {
          expect(event.sequence).toBe(i + 1);
          if (!('feature' in event)) continue;
          expect(before[event.type]).toContain(last.get(event.feature));
          last.set(event.feature, event.type);
        }
      }),
    );
  });

  it('invariant 19: keeps critical features on but by hand, and dependants off with what they need', () => {
    const byHand = fc.record({
      feature: fc.constantFrom(...names),
      setting: fc.constantFrom('on' as const, 'off' as const),
      ttlMs: fc.integer({ min: 1, max: 20_000 }),
    });
    const steps = fc.array(fc.tuple(scores, fc.integer({ min: 1, max: 30 }), fc.option(byHand)), {
      maxLength: 20,
    });

    fc.assert(
      fc.property(steps, (history) => {
        const bench = new Bench({ features, recovery });
        let offUntil = -Infinity;
        for (const [score, samples, forced] of history) {
          if (forced !== null) {
            bench.degradation.forceFeature(forced.feature, forced.setting, forced.ttlMs);
            if (forced.feature === 'e')
              offUntil = forced.setting === 'off' ? bench.clock.now() + forced.ttlMs : -1;
          }
          bench.hold(score, samples);
          const on = new Set(enabledPairs(bench));

          for (const subject of subjects) {
            expect(!on.has(`b ${subject}`) || on.has(`a ${subject}`)).toBe(true);
            expect(on.has(`e ${subject}`)).toBe(bench.clock.now() >= offUntil);
          }
        }
        bench.holdMs(0.2, 20_000);
        expect(bench.told('feature-override-set')).toHaveLength(bench.told('feature-override-ended').length);
        expect(bench.events.map(({ sequence }) => sequence)).toEqual(bench.events.map((_, i) => i + 1));
      }),
    );
  });

  it('does in a dry run what it does otherwise, but for calls and features', () => {
    fc.assert(
      fc.property(loads, (history) => {
        const wet = play(history);
        const dry = new Bench({ features, recovery, dryRun: true });
        for (const score of history) {
          dry.hold(score, 1);
          for (const each of classes) expect(dry.degradation.admit(each, 'alice').admitted).toBe(true);
        }
        const typesOf = ({ events }: FeatureBench): string[] =>
          events.map(({ type }) => type).filter((type) => type !== 'admission-refused');

        expect(typesOf(dry)).toEqual(typesOf(wet));
        expect(dry.events.every(({ dryRun }) => dryRun)).toBe(true);
        expect(enabledPairs(dry)).toHaveLength(names.length * subjects.length);
      }),
    );
  });

  it('tells of refusals at most once a second, and of each of them once', () => {
    fc.assert(
      fc.property(loads, (history) => {
        const bench = new Bench({ features, recovery });
        const at: number[] = [];
        bench.degradation.events.subscribe(({ type }) => {
          if (type === 'admission-refused') at.push(bench.clock.now());
        });
        for (const score of history) {
          for (let call = 0; call < 3; call += 1) bench.degradation.admit('normal', `user ${call}`);
          bench.hold(score, 1);
        }
        bench.holdMs(0.2, 160_000);
        const sumOf = (type: DegradationEvent['type']): number =>
          bench.events.reduce(
            (sum, each) => sum + (each.type === type && 'refused' in each ? each.refused.normal : 0),
            0,
          );
        const total = bench.degradation.statistics().refused.normal;

        expect(at.every((each, i) => i === 0 || each - (at[i - 1] ?? 0) >= 250)).toBe(true);
        expect(at.length).toBeLessThanOrEqual(
          bench.clock.now() / 1_000 + bench.told('admission-stopped').length,
        );
        expect([sumOf('admission-refused'), sumOf('admission-stopped')]).toEqual([total, total]);
      }),
    );
  });

  it('invariant 24: is not moved by a signal that reads anything but a number', () => {
    const readings = fc.oneof(
      fc.constantFrom<unknown>(Number.NaN, Infinity, -Infinity, undefined, null, '1', 2n, {}, [1]),
      fc.double({ max: 0, noNaN: true, noDefaultInfinity: true }),
    );

    fc.assert(
      fc.property(fc.array(fc.tuple(readings, scores), { maxLength: 60 }), (samples) => {
        let reading: unknown = 0;
        let score = 0;
        const sound = { name: 'sound', read: () => score };
        const broken = { name: 'broken', read: () => reading as number };
        const both = new Bench({ signals: [broken, sound] });
        const alone = new Bench({ signals: [sound] });
        for (const [strange, next] of samples) {
          reading = strange;
          score = next;
          both.hold(0, 1);
          alone.hold(0, 1);
        }

        expect(both.degradation.score).toBe(alone.degradation.score);
        expect(both.told('level-changed')).toEqual(alone.told('level-changed'));
      }),
    );
  });
});
