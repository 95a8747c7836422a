import type { FeatureSetting } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';
import { Bench } from './support/bench.ts';

const features = [
  { name: 'index', criticality: 'sheddable' },
  { name: 'search', dependsOn: ['index'] },
  { name: 'checkout', criticality: 'critical' },
] as const;

const onIn = ({ degradation }: Bench<'index' | 'search' | 'checkout'>): string[] =>
  features.map(({ name }) => name).filter((name) => degradation.isEnabled(name, 'alice'));

describe('Degradation.forceFeature', () => {
  it('switches a feature off until the override expires, with what depends on it', () => {
    const bench = new Bench({ features });
    bench.degradation.forceFeature('index', 'off', 60_000);
    expect(onIn(bench)).toEqual(['checkout']);
    bench.holdMs(0.2, 59_750);
    expect(onIn(bench)).toEqual(['checkout']);

    bench.hold(0.2, 1);

    expect(onIn(bench)).toEqual(['index', 'search', 'checkout']);
    expect(bench.told('feature-override-set', 'feature-override-ended')).toEqual([
      'index off',
      'index off expired',
    ]);
    expect(bench.events.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  it('switches a critical feature off, which the load never does', () => {
    const bench = new Bench({ features });
    bench.degradation.forceFeature('checkout', 'off', 1_000);

    expect(onIn(bench)).toEqual(['index', 'search']);
    expect(bench.degradation.statistics().featuresDisabled).toBe(1);
  });

  it('keeps a feature on under load, as far as what it depends on is on', () => {
    const bench = new Bench({ features });
    bench.degradation.forceFeature('search', 'on', 60_000);
    bench.hold(0.96, 2);
    expect(onIn(bench)).toEqual(['checkout']);

    bench.degradation.forceFeature('index', 'on', 60_000);

    expect(onIn(bench)).toEqual(['index', 'search', 'checkout']);
  });

  it('leaves recovery to go on below it', () => {
    const bench = new Bench({ features: [{ name: 'search' }] });
    bench.hold(0.8, 4);
    bench.degradation.forceFeature('search', 'off', 26_000);
    bench.holdMs(0.2, 25_500);
    expect(bench.told('feature-restored')).toEqual(['search restored']);
    expect(bench.degradation.isEnabled('search')).toBe(false);

    bench.holdMs(0.2, 500);

    expect(bench.degradation.isEnabled('search')).toBe(true);
  });

  it('replaces an earlier override of the feature, and can be lifted', () => {
    const bench = new Bench({ features });
    const first = bench.degradation.forceFeature('index', 'off', 1_000);
    const second = bench.degradation.forceFeature('index', 'on', 5_000);
    first[Symbol.dispose]();
    bench.holdMs(0.2, 2_000);
    expect(bench.told('feature-override-ended')).toEqual(['index off replaced']);
    bench.hold(0.8, 4);
    expect(bench.degradation.isEnabled('index')).toBe(true);

    second[Symbol.dispose]();

    expect(bench.degradation.isEnabled('index')).toBe(false);
    expect(bench.told('feature-override-ended').at(-1)).toBe('index on lifted');
  });

  it('is over when the degradation is disposed of', () => {
    const bench = new Bench({ features });
    bench.degradation.forceFeature('checkout', 'off', 1_000);
    bench.degradation[Symbol.dispose]();

    expect(bench.clock.pending()).toBe(0);
    expect(onIn(bench)).toEqual(['index', 'search', 'checkout']);
  });

  it.each<[unknown, unknown, unknown, string]>([
    ['serach', 'off', 1, "feature must be the name of a feature, got 'serach'"],
    ['search', 'maybe', 1, "setting must be one of 'on', 'off', got 'maybe'"],
    ['search', 'off', 0, 'ttlMs must be a finite number of milliseconds of at least 1, got 0'],
    ['search', 'off', Infinity, 'ttlMs must be'],
  ])('refuses %j, %j, %j', (feature, setting, ttlMs, message) => {
    const { degradation } = new Bench({ features });

    expect(() =>
      degradation.forceFeature(feature as 'search', setting as FeatureSetting, ttlMs as number),
    ).toThrow(message);
  });
});

describe('Degradation.features', () => {
  it('lists what is on for whom, in the order of going off', () => {
    const bench = new Bench({ features });
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 10_000);

    expect(bench.degradation.features()).toEqual([
      { name: 'search', criticality: 'normal', shareRatio: 0 },
      { name: 'index', criticality: 'sheddable', shareRatio: 0.1 },
      { name: 'checkout', criticality: 'critical', shareRatio: 1 },
    ]);
  });
});
