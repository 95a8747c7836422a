/**
 * Alerts that a process raises itself: rules, states and a history.
 *
 * @module
 */
export type { Alert, AlertRule, AlertState, AlertTransition, Severity } from './alerts/alert.ts';
export { AlertManager, type AlertStatistics } from './alerts/alert-manager.ts';
export type { AlertEvent, AlertFired, AlertResolved, RuleFailed, RuleRecovered } from './alerts/events.ts';
export type { AlertManagerOptions } from './alerts/options.ts';
export type { Arrivals } from './alerts/rule-state.ts';
export {
  breakerOpen,
  budgetBurning,
  bulkheadSaturated,
  cacheHitRatioLow,
  type CacheRuleOverrides,
  degraded,
  type Lookups,
  type RuleOverrides,
  type WatchedSla,
} from './alerts/rules.ts';
export type { Watched } from './watched.ts';
