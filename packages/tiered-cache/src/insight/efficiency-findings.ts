import type { TieredCacheStatistics } from '../statistics.ts';
import type { EfficiencyReport, KnownCurve } from './efficiency-report.ts';

/** Where findings begin. All are ratios but those that say otherwise. */
export const efficiencyThresholds = {
  /** With fewer lookups than these nothing is said: chance decides. A count. */
  minLookups: 1_000,
  /** Of a tier that was asked for fewer keys than these nothing is said. A count. */
  minAsked: 100,
  /** With fewer observations than these the curve is not used. A count. */
  minSamples: 500,
  /** Twice the entries would answer so much more of the lookups. */
  tooSmallGain: 0.05,
  /** Half of the entries would answer less than so much fewer. */
  tooLargeLoss: 0.005,
  /** Memory counts as too large only if so much of it is taken. */
  tooLargeFullRatio: 0.5,
  /** So many entries are pushed out for each one that a read brings in, without a curve to say what more room would give. */
  churningEvictionsPerFill: 0.5,
  /** A tier that has less of what it is asked for costs a round trip for nothing. */
  uselessHitRatio: 0.01,
  /** A tier fails at so much of what it is asked for. */
  failingErrorRatio: 0.01,
  /** Lives and invalidations cost so much of the lookups that memory would otherwise answer. */
  shortLifeLoss: 0.1,
  /** So many lookups are answered with stale values. */
  mostlyStaleRatio: 0.2,
  /** So many loads fail. */
  failingLoadRatio: 0.05,
} as const;

const messages = {
  'too-few-lookups': 'There were too few lookups to tell anything.',
  'l1-too-small': 'Twice the entries in memory would answer so much more of the lookups.',
  'l1-too-large': 'Half of the entries in memory would answer only so much fewer of the lookups.',
  'l1-churning': 'For each entry that a read brings into memory so many are pushed out.',
  'l2-useless': 'The shared tier has only so much of what it is asked for.',
  'l3-useless': 'The durable tier has only so much of what it is asked for.',
  'l2-failing': 'The shared tier fails at so much of what it is asked for.',
  'l3-failing': 'The durable tier fails at so much of what it is asked for.',
  'ttl-too-short': 'Memory would answer so much more of the lookups if nothing expired or was invalidated.',
  'mostly-stale': 'So many of the lookups are answered with a stale value.',
  'loads-failing': 'So many of the loads fail.',
} as const;

/** One thing that stands out. */
export interface EfficiencyFinding {
  readonly code: keyof typeof messages;
  /** What `figure` is about. */
  readonly message: string;
  /** A ratio, 0…1; for `'too-few-lookups'` their count, for `'l1-churning'` entries for each. */
  readonly figure: number;
}

type Figures = Omit<EfficiencyReport, 'findings'>;

export function findingsOf(
  figures: Figures,
  statistics: TieredCacheStatistics,
  curve: KnownCurve | undefined,
): readonly EfficiencyFinding[] {
  const { minLookups, minSamples } = efficiencyThresholds;
  if (figures.lookups < minLookups) return [finding('too-few-lookups', figures.lookups)];
  const usable = curve !== undefined && curve.samples >= minSamples ? curve : undefined;
  return [
    ...memoryFindings(figures, statistics, usable),
    ...tierFindings(figures),
    ...answerFindings(figures),
  ];
}

function* memoryFindings(
  { tiers }: Figures,
  statistics: TieredCacheStatistics,
  curve: KnownCurve | undefined,
): Generator<EfficiencyFinding> {
  const held = statistics.tiers.l1;
  if (tiers.l1 === undefined || held === undefined) return;
  const { evictionsPerFill, answeredRatio, fullRatio } = tiers.l1;
  const limits = efficiencyThresholds;
  if (curve === undefined) {
    if (evictionsPerFill >= limits.churningEvictionsPerFill) yield finding('l1-churning', evictionsPerFill);
    return;
  }
  // Where entries are pushed out before there are `maxEntries` of them, the bytes are the limit.
  const room = held.evictions > 0 ? Math.max(1, held.entries) : held.capacityEntries;
  const known = curve.hitRatio(room);
  // A memory that chooses better than the curve assumes has less to gain, and more to lose.
  const now = Math.max(known, answeredRatio);
  const gain = curve.hitRatio(2 * room) - now;
  const loss = now - curve.hitRatio(Math.ceil(room / 2));
  const shortLife = known - answeredRatio;
  if (held.evictions > 0 && gain >= limits.tooSmallGain) yield finding('l1-too-small', gain);
  if (fullRatio >= limits.tooLargeFullRatio && loss < limits.tooLargeLoss)
    yield finding('l1-too-large', loss);
  if (shortLife >= limits.shortLifeLoss) yield finding('ttl-too-short', shortLife);
}

function* tierFindings({ tiers }: Figures): Generator<EfficiencyFinding> {
  const { minAsked, uselessHitRatio, failingErrorRatio } = efficiencyThresholds;
  for (const level of ['l2', 'l3'] as const) {
    const tier = tiers[level];
    if (tier === undefined || tier.asked < minAsked) continue;
    if (tier.errorRatio >= failingErrorRatio) yield finding(`${level}-failing`, tier.errorRatio);
    else if (tier.hitRatio < uselessHitRatio) yield finding(`${level}-useless`, tier.hitRatio);
  }
}

function* answerFindings({ staleRatio, loadFailureRatio }: Figures): Generator<EfficiencyFinding> {
  const { mostlyStaleRatio, failingLoadRatio } = efficiencyThresholds;
  if (staleRatio >= mostlyStaleRatio) yield finding('mostly-stale', staleRatio);
  if (loadFailureRatio >= failingLoadRatio) yield finding('loads-failing', loadFailureRatio);
}

function finding(code: EfficiencyFinding['code'], figure: number): EfficiencyFinding {
  return { code, message: messages[code], figure };
}
