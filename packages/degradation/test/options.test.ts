import { Degradation, type FeatureOptions } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';

const signals = [{ name: 'load', read: () => 0 }];
const withFeatures = (...features: FeatureOptions[]): object => ({ features });

describe('DegradationOptions', () => {
  it.each<[object, string]>([
    [{ name: '' }, "name must be a string that is not empty, got ''"],
    [{ signals: undefined }, 'signals must be an array of signals, got undefined'],
    [{ signals: [null] }, 'signals[0] must be an object, got null'],
    [{ features: 7 }, 'features must be an array of features, got 7'],
    [{ features: [null] }, 'features[0] must be an object, got null'],
    [{ signals: [] }, 'signals.length must be a whole number of at least 1, got 0'],
    [{ signals: [() => 0] }, "signals[0].name must be a string that is not empty, got ''"],
    [{ signals: [{ name: 'a' }] }, 'signals[0] must be an object with read()'],
    [{ signals: [{ name: 'a', read: () => 0, kind: 'odd' }] }, "signals[0].kind must be one of 'queueing'"],
    [{ signals: [...signals, ...signals] }, "signals must be of unique names, got 'load'"],
    [{ sampleIntervalMs: 0 }, 'sampleIntervalMs must be a finite number of milliseconds of at least 1'],
    [{ smoothing: { upHalfLifeMs: -1 } }, 'smoothing.upHalfLifeMs must be a finite number'],
    [{ smoothing: { downHalfLifeMs: -1 } }, 'smoothing.downHalfLifeMs must be a finite number'],
    [{ recovery: { stepMs: -1 } }, 'recovery.stepMs must be a finite number'],
    [{ recovery: { holdOffMs: -1 } }, 'recovery.holdOffMs must be a finite number'],
    [
      { recovery: { maxHoldOffMs: 1 } },
      'recovery.maxHoldOffMs must be a finite number of milliseconds of at least 10000',
    ],
    [{ recovery: { calmMs: 0 } }, 'recovery.calmMs must be a finite number'],
    [{ recovery: { maxRise: 0 } }, 'recovery.maxRise must be a number over 0'],
    [{ signalGraceMs: -1 }, 'signalGraceMs must be a finite number'],
    [{ levels: { reduced: { enter: -1 } } }, 'levels.reduced.enter must be a finite number of at least 0'],
    [
      { levels: { reduced: { enter: 0.5, exit: 0.6 } } },
      'levels.reduced.exit must be at most levels.reduced.enter',
    ],
    [
      { levels: { critical: { enter: 0.7 } } },
      'levels.critical.enter must be at least levels.reduced.enter, got 0.7',
    ],
    [{ levels: { critical: { enterMs: -1 } } }, 'levels.critical.enterMs must be a finite number'],
    [{ levels: { critical: { exitMs: -1 } } }, 'levels.critical.exitMs must be a finite number'],
    [{ levels: { critical: { dwellMs: -1 } } }, 'levels.critical.dwellMs must be a finite number'],
    [{ random: 1 }, 'random must be a function, got 1'],
    [{ clock: {} }, 'clock must be an object with now(), epoch(), schedule()'],
    [withFeatures({ name: '' }), 'features[0].name must be a string that is not empty'],
    [withFeatures({ name: 'a' }, { name: 'a' }), "features must be of unique names, got 'a'"],
    [
      withFeatures({ name: 'a', criticality: 'vital' as 'critical' }),
      "features[0].criticality must be one of 'sheddable'",
    ],
    [
      withFeatures({ name: 'a', disableAt: -1 }),
      'features[0].disableAt must be a finite number of at least 0',
    ],
    [
      withFeatures({ name: 'a', restoreOrder: -1 }),
      'features.a.restoreOrder must be a finite number of at least 0',
    ],
    [
      withFeatures({ name: 'a', dependsOn: ['b'] }),
      "features.a.dependsOn must be names of features, got 'b'",
    ],
    [withFeatures({ name: 'a', dependsOn: ['a'] }), "features.a.dependsOn must be free of circles, got 'a'"],
    [
      withFeatures({ name: 'a', dependsOn: ['b'] }, { name: 'b', dependsOn: ['a'] }),
      "features.a.dependsOn must be free of circles, got 'b'",
    ],
    [
      withFeatures({ name: 'a', criticality: 'critical', dependsOn: ['b'] }, { name: 'b' }),
      "features.a.dependsOn must be critical itself, got 'b'",
    ],
  ])('refuses %j', (broken, message) => {
    expect(() => new Degradation({ signals, ...broken })).toThrow(message);
  });
});
