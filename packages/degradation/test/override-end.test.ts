import { ManualClock } from '@holdfast/core/testing';
import { Degradation, type Level } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';
import { Bench } from './support/bench.ts';

const features = [{ name: 'search' }, { name: 'suggest', dependsOn: ['search'], restoreOrder: 0 }] as const;

describe('The end of an override', () => {
  const unsampled = () => {
    const clock = new ManualClock();
    const degradation = new Degradation({ signals: [{ name: 'load', read: () => 0 }], features, clock });
    return { clock, degradation };
  };
  const open = (degradation: Degradation<'search' | 'suggest'>): unknown => ({
    level: degradation.level,
    admitted: degradation.admit('sheddable', 'alice').admitted,
    search: degradation.isEnabled('search'),
    suggest: degradation.isEnabled('suggest'),
  });
  const everything = { level: 'normal', admitted: true, search: true, suggest: true };

  it.each<Level>(['reduced', 'critical'])('without sampling brings everything back after %s', (level) => {
    const { clock, degradation } = unsampled();
    degradation.force(level, 60_000);
    expect(degradation.isEnabled('search')).toBe(false);

    clock.advanceSync(60_000);

    expect(open(degradation)).toEqual(everything);
    expect(degradation.statistics().probes).toEqual({ restored: 0, rolledBack: 0 });
  });

  it.each([
    ['critical', 0.96, 0.2],
    ['reduced', 0.8, 0.65],
  ] as const)('rolls a trial back when %s is measured all the while', (level, high, low) => {
    const bench = new Bench({ features: [{ name: 'search' }], levels: { [level]: { dwellMs: 600_000 } } });
    bench.hold(high, 4);
    bench.holdMs(low, 10_000);
    const lift = bench.degradation.force('normal', 60_000);
    bench.hold(low, 1);
    expect(bench.told('feature-probing')).toEqual(['search probing 0.1']);

    lift[Symbol.dispose]();
    expect(bench.degradation.level).toBe(level);
    bench.holdMs(low, 60_000);

    expect(bench.told('feature-probing', 'feature-rolled-back').slice(1)).toEqual(['search rolled-back']);
    expect(bench.degradation.isEnabled('search')).toBe(false);
    expect(bench.degradation.statistics().probes).toEqual({ restored: 0, rolledBack: 1 });
  });

  it('does not take for a rise what was measured under it as well', () => {
    const bench = new Bench({ features: [{ name: 'search' }] });
    bench.degradation.force('critical', 10_000);
    bench.holdMs(0.75, 9_750);
    bench.degradation.force('normal', 3_000);
    bench.holdMs(0.75, 60_000);

    expect(bench.told('feature-rolled-back')).toEqual([]);
    expect(bench.told('feature-restored')).toEqual(['search restored']);
  });

  it('by disposal leaves what was measured', () => {
    const bench = new Bench({ features });
    bench.hold(0.2, 4);
    bench.degradation.force('critical', 60_000);

    bench.degradation[Symbol.dispose]();

    expect(open(bench.degradation)).toEqual(everything);
    expect(bench.told('level-changed', 'feature-restored')).toEqual([
      'normal to critical',
      'critical to normal',
      'search restored',
      'suggest restored',
    ]);
  });

  it('by disposal leaves critical what is critical', () => {
    const bench = new Bench({ features });
    bench.hold(0.96, 2);
    bench.degradation.force('normal', 60_000);
    expect(bench.degradation.level).toBe('normal');

    bench.degradation[Symbol.dispose]();

    expect(open(bench.degradation)).toEqual({
      level: 'critical',
      admitted: false,
      search: false,
      suggest: false,
    });
  });

  it('by disposal ends a trial that is under way', () => {
    const bench = new Bench({ features: [{ name: 'search' }] });
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 22_000);
    expect(bench.told('feature-probing').at(-1)).toBe('search probing 1');
    bench.degradation.force('normal', 60_000);

    bench.degradation[Symbol.dispose]();

    expect(bench.degradation.isEnabled('search')).toBe(true);
    expect(bench.told('feature-restored')).toEqual(['search restored']);
  });
});
