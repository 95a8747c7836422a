import { ManualClock } from '@holdfast/core/testing';
import { createCache, MemoryCache, type TieredCacheStatistics } from '@holdfast/tiered-cache';
import {
  efficiencyReport,
  efficiencyThresholds,
  HitRatioCurve,
  recordTo,
} from '@holdfast/tiered-cache/insight';
import { describe, expect, it } from 'vitest';

import { randomOf } from './model/random.ts';
import { loopTrace } from './model/traces.ts';

type Parts = { readonly [Part in keyof TieredCacheStatistics]?: object };

const memory = { errors: 0, skipped: 0, entries: 0, bytes: 0, capacityEntries: 1_000, evictions: 0 };
const lower = { errors: 0, skipped: 0, writesApplied: 0, writesFailed: 0, queued: 0, up: 1 };

/** Statistics that are 0 but for these. */
function statistics(parts: Parts): TieredCacheStatistics {
  const nothing = createCache({ namespace: 'none', ttlMs: 1, l1: false }).statistics();
  const merged = Object.entries(parts).map(([part, figures]) => [
    part,
    { ...(nothing[part as keyof Parts] as object), ...figures },
  ]);
  return { ...nothing, ...Object.fromEntries(merged) };
}

/** A curve of straight lines from 0 entries through these points. */
function curve(points: Readonly<Record<number, number>>, samples = 10_000) {
  return {
    samples,
    hitRatio(entries: number) {
      const known = points[entries];
      if (known === undefined) throw new Error(`nobody knows the ratio at ${entries}`);
      return known;
    },
  };
}

const codesOf = (...report: Parameters<typeof efficiencyReport>): readonly string[] =>
  efficiencyReport(...report).findings.map(({ code }) => code);

describe('efficiencyReport', () => {
  it('gives the share of each answer in all lookups', () => {
    const report = efficiencyReport(
      statistics({
        lookups: { l1Hit: 500, l2Hit: 200, l3Hit: 100, staleHit: 80, loaded: 90, miss: 20, error: 10 },
      }),
    );

    expect(report).toMatchObject({
      lookups: 1_000,
      hitRatio: 0.88,
      staleRatio: 0.08,
      loadedRatio: 0.09,
      missRatio: 0.02,
      errorRatio: 0.01,
    });
  });

  it('gives for each tier what it had of what it was asked for', () => {
    const { tiers } = efficiencyReport(
      statistics({
        lookups: { l1Hit: 600, l2Hit: 300, loaded: 100 },
        loads: { success: 100 },
        tiers: {
          l1: { ...memory, hits: 600, misses: 400, entries: 250, bytes: 50_000, evictions: 100 },
          l2: { ...lower, hits: 300, misses: 60, errors: 30, skipped: 10 },
        },
      }),
    );

    expect(tiers).toEqual({
      l1: {
        asked: 1_000,
        hitRatio: 0.6,
        answeredRatio: 0.6,
        errorRatio: 0,
        entries: 250,
        bytesPerEntry: 200,
        fullRatio: 0.25,
        evictionsPerFill: 0.25,
      },
      l2: { asked: 400, hitRatio: 0.75, answeredRatio: 0.3, errorRatio: 0.1 },
    });
  });

  it('is all zeros for a cache that was never used, and leaves out tiers that it does not have', () => {
    const report = efficiencyReport(statistics({}));

    expect(report).toMatchObject({ lookups: 0, hitRatio: 0, errorRatio: 0, loadFailureRatio: 0, tiers: {} });
    expect(report.findings).toEqual([
      { code: 'too-few-lookups', message: 'There were too few lookups to tell anything.', figure: 0 },
    ]);
  });

  it('says nothing else from too few lookups', () => {
    const bad = { lookups: { staleHit: efficiencyThresholds.minLookups - 1 } };

    expect(codesOf(statistics(bad))).toEqual(['too-few-lookups']);
  });

  it('covers what has happened since an earlier time', () => {
    const earlier = statistics({
      lookups: { l1Hit: 5_000, loaded: 5_000 },
      loads: { success: 5_000 },
      tiers: { l1: { ...memory, hits: 5_000, misses: 5_000, entries: 1_000, bytes: 1, evictions: 4_000 } },
    });
    const now = statistics({
      lookups: { l1Hit: 6_900, loaded: 5_100 },
      loads: { success: 5_100, failure: 0 },
      tiers: {
        l1: { ...memory, hits: 6_900, misses: 5_100, entries: 1_000, bytes: 2_000, evictions: 4_010 },
      },
    });

    const report = efficiencyReport(now, { since: earlier });

    expect(report).toMatchObject({ lookups: 2_000, hitRatio: 0.95, loadedRatio: 0.05 });
    expect(report.tiers.l1).toMatchObject({
      asked: 2_000,
      evictionsPerFill: 0.1,
      entries: 1_000,
      bytesPerEntry: 2,
    });
  });

  describe('finds', () => {
    const full = { ...memory, hits: 7_000, misses: 3_000, entries: 1_000, bytes: 1_000, evictions: 2_000 };
    const busy = {
      lookups: { l1Hit: 7_000, loaded: 3_000 },
      loads: { success: 3_000 },
      tiers: { l1: full },
    };

    it('that memory is too small, by what twice the entries would give', () => {
      const { findings } = efficiencyReport(statistics(busy), {
        curve: curve({ 500: 0.6, 1_000: 0.7, 2_000: 0.85 }),
      });

      expect(findings).toEqual([
        {
          code: 'l1-too-small',
          message: 'Twice the entries in memory would answer so much more of the lookups.',
          figure: expect.closeTo(0.15),
        },
      ]);
    });

    it('no more to gain than what memory does not answer already', () => {
      const known = curve({ 500: 0.2, 1_000: 0.3, 2_000: 0.72 });

      expect(codesOf(statistics(busy), { curve: known })).toEqual([]);
    });

    it('no fault with a memory that is not worth doubling', () => {
      expect(codesOf(statistics(busy), { curve: curve({ 500: 0.6, 1_000: 0.7, 2_000: 0.74 }) })).toEqual([]);
    });

    it('that memory is too large, if it is in use and half would do', () => {
      const known = { curve: curve({ 500: 0.699, 1_000: 0.7, 2_000: 0.7 }) };
      const roomy = { ...busy, tiers: { l1: { ...full, entries: 499, evictions: 0 } } };

      expect(codesOf(statistics(busy), known)).toEqual(['l1-too-large']);
      expect(codesOf(statistics(roomy), known)).toEqual([]);
    });

    it('that lives are too short, by what memory would answer without them', () => {
      const { findings } = efficiencyReport(statistics(busy), {
        curve: curve({ 500: 0.8, 1_000: 0.9, 2_000: 0.91 }),
      });

      expect(findings).toMatchObject([{ code: 'ttl-too-short', figure: expect.closeTo(0.2) }]);
    });

    it('the true size of a memory that its bytes limit', () => {
      const heavy = { ...busy, tiers: { l1: { ...full, entries: 200 } } };

      expect(codesOf(statistics(heavy), { curve: curve({ 100: 0.6, 200: 0.7, 400: 0.8 }) })).toEqual([
        'l1-too-small',
      ]);
    });

    it('that memory churns, without a curve that has settled', () => {
      const unsettled = curve({}, efficiencyThresholds.minSamples - 1);

      expect(efficiencyReport(statistics(busy)).findings).toMatchObject([
        { code: 'l1-churning', figure: 2 / 3 },
      ]);
      expect(codesOf(statistics(busy), { curve: unsettled })).toEqual(['l1-churning']);
    });

    it.each(['l2', 'l3'] as const)('that %s is of no use, if it was asked often enough', (level) => {
      const tiers = (misses: number): object => ({ [level]: { ...lower, hits: 0, misses } });

      expect(codesOf(statistics({ lookups: { loaded: 1_000 }, tiers: tiers(100) }))).toEqual([
        `${level}-useless`,
      ]);
      expect(codesOf(statistics({ lookups: { loaded: 1_000 }, tiers: tiers(99) }))).toEqual([]);
    });

    it.each(['l2', 'l3'] as const)('that %s fails, and not that it is of no use then', (level) => {
      const tier = { ...lower, hits: 0, misses: 980, errors: 15, skipped: 5 };
      const { findings } = efficiencyReport(
        statistics({ lookups: { loaded: 1_000 }, tiers: { [level]: tier } }),
      );

      expect(findings).toMatchObject([{ code: `${level}-failing`, figure: 0.02 }]);
    });

    it('that many answers are stale', () => {
      const { findings } = efficiencyReport(statistics({ lookups: { l1Hit: 1_500, staleHit: 500 } }));

      expect(findings).toMatchObject([{ code: 'mostly-stale', figure: 0.25 }]);
    });

    it('that loads fail', () => {
      const { findings } = efficiencyReport(
        statistics({ lookups: { loaded: 1_000 }, loads: { success: 900, failure: 100 } }),
      );

      expect(findings).toMatchObject([{ code: 'loads-failing', figure: 0.1 }]);
    });
  });

  it('finds in a cache whose loop does not quite fit how much more a larger memory would answer', async () => {
    const clock = new ManualClock();
    const known = new HitRatioCurve({ entries: 100, clock, random: randomOf(5) });
    const cache = createCache<number>({
      namespace: 'shop',
      ttlMs: 60_000,
      clock,
      l1: { maxEntries: 100 },
      l2: new MemoryCache({ clock }),
      reads: recordTo(known),
    });
    for (const key of loopTrace(150, 15_000)) await cache.get(key, () => 1);

    const report = efficiencyReport(cache.statistics(), { curve: known });

    expect(report).toMatchObject({ lookups: 15_000, hitRatio: 0.99, loadedRatio: 0.01 });
    const missing = 1 - (report.tiers.l1?.hitRatio ?? 1);
    expect(missing).toBeGreaterThan(0.3);
    expect(report.findings).toMatchObject([{ code: 'l1-too-small', figure: expect.closeTo(missing, 5) }]);
  });
});
