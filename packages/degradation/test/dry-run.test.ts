import { describe, expect, it } from 'vitest';
import { Bench } from './support/bench.ts';

const features = [{ name: 'search' }, { name: 'suggest', criticality: 'sheddable' }] as const;

describe('Degradation in a dry run', () => {
  it('switches nothing off and refuses nobody, and tells and counts what it would do', async () => {
    const [dry, wet] = [true, false].map((dryRun) => new Bench({ features, dryRun }));
    if (dry === undefined || wet === undefined) throw new Error('there are two');
    const admissions = [dry, wet].map(({ degradation, ...bench }) => {
      void bench;
      return degradation.admit('normal', 'alice').admitted;
    });
    expect(admissions).toEqual([true, true]);
    for (const bench of [dry, wet]) {
      bench.hold(0.96, 2);
      for (let i = 0; i < 5; i += 1) bench.degradation.admit('normal', 'alice');
    }

    expect(dry.degradation.admit('normal', 'alice')).toEqual({
      admitted: true,
      refusedRatio: 1,
      level: 'critical',
      retryAfterMs: 0,
    });
    expect(dry.degradation.isEnabled('search')).toBe(true);
    expect(await dry.degradation.execute(() => 'ran')).toBe('ran');
    const guarded = await dry.degradation.guard(
      'search',
      () => 'ran',
      () => 'fell back',
    );
    expect(guarded).toBe('ran');
    expect(dry.degradation.statistics()).toMatchObject({
      dryRun: true,
      level: 2,
      featuresDisabled: 2,
      refused: { normal: 7 },
    });
    expect(dry.degradation.features().map(({ shareRatio }) => shareRatio)).toEqual([0, 0]);
    expect(dry.events.map((event) => ({ ...event, dryRun: false }))).toEqual(wet.events);
    expect(dry.events.every((event) => event.dryRun)).toBe(true);
  });

  it('changes nothing by hand either', () => {
    const { degradation } = new Bench({ features, dryRun: true });
    degradation.force('critical', 1_000);
    degradation.forceFeature('search', 'off', 1_000);

    expect(degradation.isEnabled('search')).toBe(true);
    expect(degradation.admit('sheddable', 'alice').admitted).toBe(true);
  });
});
