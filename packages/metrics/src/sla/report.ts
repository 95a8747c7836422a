import type { LatencyReport } from './latency-history.ts';
import type { WindowName } from './windows.ts';

/** `unknown` as long as too few events speak for or against. */
export type SlaStatus = 'ok' | 'violated' | 'unknown';

/** One objective over one window. */
export interface WindowReport {
  readonly window: WindowName;
  readonly events: number;
  readonly bad: number;
  /** Good share of the events; missing without events. */
  readonly complianceRatio?: number | undefined;
  /** Bad share over the allowed bad share: 1 spends exactly the budget. Missing without events. */
  readonly burnRate?: number | undefined;
  /** Share of the window that this process has seen. */
  readonly coverageRatio: number;
  /** Whether there are enough events to trust the numbers. */
  readonly sufficient: boolean;
}

export interface ObjectiveReport {
  readonly name: string;
  readonly targetRatio: number;
  /** Of an objective of latency, in milliseconds. */
  readonly thresholdMs?: number | undefined;
  /** Over which the status is judged. */
  readonly window: WindowName;
  readonly status: SlaStatus;
  /** 1 untouched, 0 spent, below it overspent; over 30 days, or what this process has seen of them. */
  readonly budgetRemainingRatio: number;
  readonly windows: readonly WindowReport[];
}

/** Plain JSON. It speaks for this process since it started, and says how much of each window that is. */
export interface SlaReport {
  readonly name: string;
  /** `violated` if any objective is, else `unknown` if any is. */
  readonly status: SlaStatus;
  /** When it was made, in milliseconds since 1970. */
  readonly at: number;
  /** Since when events have been counted, in milliseconds since 1970. */
  readonly since: number;
  readonly objectives: readonly ObjectiveReport[];
  readonly latency: readonly LatencyReport[];
}
