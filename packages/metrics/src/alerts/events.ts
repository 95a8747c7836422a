import type { Alert } from './alert.ts';

/** A condition held long enough: somebody should look. */
export interface AlertFired {
  readonly type: 'fired';
  readonly alert: Alert;
}

/** A condition that had fired is over. */
export interface AlertResolved {
  readonly type: 'resolved';
  readonly alert: Alert;
}

/** A rule threw; its alert stays as it is until the rule works again. Told once, not at each evaluation. */
export interface RuleFailed {
  readonly type: 'failed';
  readonly rule: string;
  readonly error: unknown;
}

/** A rule that had failed works again. */
export interface RuleRecovered {
  readonly type: 'recovered';
  readonly rule: string;
}

export type AlertEvent = AlertFired | AlertResolved | RuleFailed | RuleRecovered;
