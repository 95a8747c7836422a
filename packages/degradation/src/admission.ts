import type { Criticality } from '@holdfast/core';
import type { Level } from './levels.ts';
import type { Score } from './load-score.ts';

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

/** Pressures between which the refused share of a class grows from nothing to all. */
const ramps: Readonly<Record<CallCriticality, readonly [from: number, to: number]>> = {
  sheddable: [0.8, 0.9],
  degradable: [0.825, 0.925],
  normal: [0.85, 0.95],
  critical: [0.97, 1.1],
  system: [Infinity, Infinity],
};
/** Up to here nobody is refused, and from there on everything but critical and system. */
const [noPressure, fullPressure] = [ramps.sheddable[0], ramps.normal[1]];

export const callCriticalities: readonly CallCriticality[] = [
  'sheddable',
  'degradable',
  'normal',
  'critical',
  'system',
];

/** The share of calls to refuse. */
export function refusedRatio(criticality: CallCriticality, pressure: number): number {
  if (criticality === 'system') return 0;
  const [from, to] = ramps[criticality];
  return Math.min(1, Math.max(0, (pressure - from) / (to - from)));
}

/** Whether anybody is refused at this pressure. */
export function isRefusing(pressure: number): boolean {
  return refusedRatio('sheddable', pressure) > 0;
}

/** How much slower calls come back while work is waiting. */
const waitingFactor = 0.25;

/**
 * How hard calls are refused, on the scale of the score. It is the score while work is waiting, for a busy processor alone
 * refuses nobody; in level critical it is high enough to refuse everything but critical and system. Critical calls it refuses only
 * for what is waiting or used up at this moment: a busy processor answers them, and a stall that is over keeps none of them waiting.
 *
 * It rises at once. What it was in the levels reduced and critical it lets go of slowly: without the refused calls the score falls
 * and says nothing of the load that they would bring, so they come back a few at a time, the more critical first, and slower
 * while work is waiting. Let in all at once, they would overload the service anew each time that it has recovered.
 */
export class AdmissionPressure {
  /** How long the way down takes, in milliseconds. */
  readonly #recoveryMs: number;
  #value = 0;
  /** What is left of the pressure in reduced and critical. */
  #kept = 0;

  constructor(recoveryMs: number) {
    this.#recoveryMs = recoveryMs;
  }

  get value(): number {
    return this.#value;
  }

  update(level: Level, { score, queueing, shortage }: Score, elapsedMs: number): void {
    const byScore = queueing ? Math.max(Math.min(score, fullPressure), shortage) : 0;
    const demanded = level === 'critical' ? Math.max(byScore, fullPressure) : byScore;
    const fallMs = queueing ? elapsedMs * waitingFactor : elapsedMs;
    const fallen = ((fullPressure - noPressure) * fallMs) / this.#recoveryMs;
    const kept = Math.max(0, Math.min(this.#kept, fullPressure) - fallen);
    this.#kept = level === 'normal' ? kept : Math.max(kept, demanded);
    this.#value = Math.max(kept, demanded);
  }

  reset(): void {
    this.#value = 0;
    this.#kept = 0;
  }
}

/** Which hour it is: the salt that deals the subjects anew, so that the unlucky ones change. */
export function hourOf(epochMs: number): number {
  return Math.floor(epochMs / 3_600_000);
}
