/**
 * What a cache is asked for and how well it answers: hot keys, the hit ratio that another size would have, a report of
 * its efficiency; and what makes a restart warm: snapshots, and loading the hot keys of the last run.
 *
 * @module
 */
export { type EfficiencyFinding, efficiencyThresholds } from './insight/efficiency-findings.ts';
export {
  type EfficiencyReport,
  efficiencyReport,
  type EfficiencyReportOptions,
  type KnownCurve,
  type MemoryEfficiency,
  type TierEfficiency,
} from './insight/efficiency-report.ts';
export { type CurvePoint, HitRatioCurve } from './insight/hit-ratio-curve.ts';
export { type HotKey, HotKeys } from './insight/hot-keys.ts';
export {
  type ReadHotKeys,
  readHotKeys,
  type ReadHotKeysOptions,
  saveHotKeys,
  type SaveHotKeysOptions,
} from './insight/hot-keys-file.ts';
export type { Misfit } from './insight/container.ts';
export type { Refusal } from './insight/kept-file.ts';
export type { HitRatioCurveOptions, HotKeysOptions, SamplingOptions } from './insight/options.ts';
export { recordTo } from './insight/record-to.ts';
export {
  type RestoredSnapshot,
  restoreSnapshot,
  type RestoreSnapshotOptions,
  type SavedSnapshot,
  saveSnapshot,
  type SaveSnapshotOptions,
  type SnapshotCache,
} from './insight/snapshot.ts';
export {
  type WarmableCache,
  warmUp,
  type WarmUpCounts,
  type WarmUpLoad,
  type WarmUpOptions,
  type WarmUpProgress,
} from './insight/warm-up.ts';
export type { DumpedEntry } from './results.ts';
export type { ReadRecorder } from './options.ts';
