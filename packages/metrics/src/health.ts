/**
 * Liveness, readiness and a health report, from checks that run in the background.
 *
 * @module
 */
export type { CheckContext, CheckResult, HealthCheck, HealthStatus } from './health/check.ts';
export { breakerCheck, cacheCheck, degradationCheck } from './health/contributors.ts';
export type { CheckChanged, DrainingStarted, HealthEvent } from './health/events.ts';
export { Health, type HealthStatistics, type Verdict } from './health/health.ts';
export type { HealthOptions } from './health/options.ts';
export { type CheckReport, healthContentType, type HealthReport, httpStatusOf } from './health/report.ts';
export type { Watched } from './watched.ts';
