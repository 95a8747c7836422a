import { type CallCriticality, Degradation, presets } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';
import { Bench } from './support/bench.ts';

const names = presets.phase2.features.map(({ name }) => name);
const classes: readonly CallCriticality[] = ['sheddable', 'degradable', 'normal', 'critical', 'system'];

describe('presets.phase2', () => {
  it.each([
    [0.79, 'normal', names, classes],
    [0.8, 'reduced', ['maintenance', 'metrics-detail'], classes],
    [0.94, 'reduced', ['maintenance', 'metrics-detail'], classes],
    [0.95, 'critical', [], ['critical', 'system']],
    [0.96, 'critical', [], ['critical', 'system']],
  ])('at %f is %s', (load, level, on, admitted) => {
    // A busy processor alone refuses nobody below critical; work that waits takes it there.
    const bench = new Bench({
      ...presets.phase2,
      signals: [
        { name: 'cpu', kind: 'utilization', read: () => load },
        { name: 'wait', kind: 'queueing', read: () => (load >= 0.95 ? 0.5 : 0) },
      ],
    });
    bench.hold(0, 8);

    expect(bench.degradation.level).toBe(level);
    expect(names.filter((name) => bench.degradation.isEnabled(name))).toEqual(on);
    expect(classes.filter((each) => bench.degradation.admit(each, 'alice').admitted)).toEqual(admitted);
  });

  it('keeps the names of its features in the type', () => {
    const degradation = new Degradation({ ...presets.phase2, signals: [{ name: 'load', read: () => 0 }] });

    // @ts-expect-error There is no such feature.
    expect(() => degradation.isEnabled('search')).toThrow('feature must be the name of a feature');
    expect(degradation.isEnabled('suggestions')).toBe(true);
  });
});
