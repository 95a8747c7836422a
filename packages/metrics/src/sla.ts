/**
 * Objectives, error budgets and burn rates of one process.
 *
 * @module
 */
export { ExponentialSketch } from './sla/exponential-sketch.ts';
export type { LatencyReport } from './sla/latency-history.ts';
export { defaultObjectives, type Objective, type SlaOptions } from './sla/options.ts';
export type { ObjectiveReport, SlaReport, SlaStatus, WindowReport } from './sla/report.ts';
export { type SlaEvent, type SlaStatistics, SlaTracker } from './sla/sla-tracker.ts';
export type { WindowName } from './sla/windows.ts';
