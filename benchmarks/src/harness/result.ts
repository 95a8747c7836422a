import { readFileSync } from 'node:fs';

import type { Reading } from './measure.ts';
import type { Case, Lines } from './question.ts';

/** One row of a table, as it travels from the process that measured. */
export interface Row {
  readonly kind: Case['kind'];
  readonly label: string;
  /** Median over the rounds of the ratio to the baseline of the same round, and its quartiles. */
  readonly ratio: number;
  readonly quartiles: readonly [number, number];
  /** Median, per call. */
  readonly nanoseconds: number;
  /** As `ratio`, of the CPU time of this process alone. */
  readonly cpuRatio: number;
  readonly target: number | undefined;
}

export type Result =
  | { readonly clock: 'cpu' | 'wall'; readonly rows: readonly Row[] }
  | Lines
  /** The question could not be asked here. */
  | { readonly skipped: string }
  | { readonly failed: string };

export function rowsOf(readings: readonly Reading[]): readonly Row[] {
  const base = readings.find((reading) => reading.case.kind === 'baseline');
  if (base === undefined) throw new Error('a question needs a baseline');
  return readings.map(({ case: { kind, label, package: packageName, target }, rounds, cpuRounds }) => {
    const ratios = ratiosOf(rounds, base.rounds);
    return {
      kind,
      label: packageName === undefined ? label : peerLabel(packageName, label),
      ratio: quantile(ratios, 0.5),
      quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
      nanoseconds: quantile(rounds, 0.5),
      cpuRatio: quantile(ratiosOf(cpuRounds, base.cpuRounds), 0.5),
      target,
    };
  });
}

/** Round by round. */
function ratiosOf(rounds: readonly number[], base: readonly number[]): readonly number[] {
  return rounds.map((nanoseconds, round) => nanoseconds / (base[round] ?? Number.NaN));
}

/** Linear between the two nearest values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** The name of a peer with the version that is installed. */
export function peerLabel(packageName: string, detail: string): string {
  const manifest = new URL(`../../node_modules/${packageName}/package.json`, import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return [`${packageName} ${version}`, detail].filter((part) => part !== '').join(', ');
}
