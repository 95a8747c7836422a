import type { Criticality } from '@holdfast/core';
import { cohortOf } from './cohort.ts';
import type { Level } from './levels.ts';

/** How much a call matters; `'system'` is for health checks and operators, who are never refused. */
export type CallCriticality = Criticality | 'system';

/** Whether a call may come in. */
export interface Admission {
  readonly admitted: boolean;
  /** Share of the calls of this criticality that are refused now, from 0 to 1. */
  readonly refusedRatio: number;
  readonly level: Level;
  /** When the service may be calmer, in milliseconds, spread over the subjects; 0 if admitted. */
  readonly retryAfterMs: number;
}

/** Scores between which the refused share of a class grows from nothing to all. */
const ramps: Readonly<Record<CallCriticality, readonly [from: number, to: number]>> = {
  sheddable: [0.8, 0.9],
  degradable: [0.825, 0.925],
  normal: [0.85, 0.95],
  critical: [0.97, 1.1],
  system: [Infinity, Infinity],
};

export const callCriticalities: readonly CallCriticality[] = [
  'sheddable',
  'degradable',
  'normal',
  'critical',
  'system',
];

/**
 * The share of calls to refuse.
 *
 * In level critical everything but critical and system. Otherwise gradually by the score, and only while work is
 * waiting: a busy processor alone refuses nobody.
 */
export function refusedRatio(
  criticality: CallCriticality,
  level: Level,
  score: number,
  queueing: boolean,
): number {
  if (criticality === 'system') return 0;
  if (level === 'critical' && criticality !== 'critical') return 1;
  if (!queueing) return 0;
  const [from, to] = ramps[criticality];
  return Math.min(1, Math.max(0, (score - from) / (to - from)));
}

/** Which hour it is: the salt that deals the subjects anew, so that the unlucky ones change. */
export function hourOf(epochMs: number): number {
  return Math.floor(epochMs / 3_600_000);
}

/** Refused or not, the same for all calls of a subject within the hour. */
export function isRefused(ratio: number, subject: string, hour: number): boolean {
  if (ratio <= 0) return false;
  return ratio >= 1 || cohortOf(subject, hour) < ratio;
}
