export type Severity = 'critical' | 'warning' | 'info';

/** `resolved` is an alert that has fired and is over; it can become pending again. */
export type AlertState = 'inactive' | 'pending' | 'firing' | 'resolved';

/** What is to be watched, and when it is bad. */
export interface AlertRule {
  /** Different for each rule of a manager; shown in alerts and metrics. */
  readonly name: string;

  readonly severity: Severity;

  /**
   * The number to judge, read at each evaluation. `undefined` or NaN says that there is nothing to judge, which is
   * not bad. What it throws shows as the state of the rule, and leaves its alert as it is.
   */
  readonly evaluate: () => number | undefined;

  /** From here on it is bad, this number included. */
  readonly threshold: number;

  /** Which side of the threshold is bad. Defaults to `'above'`. */
  readonly bad?: 'above' | 'below' | undefined;

  /**
   * Where it is good again once it has been bad, this number excluded; on the good side of the threshold, so that a
   * value that wavers does not flap. Defaults to the threshold.
   */
  readonly clearThreshold?: number | undefined;

  /** How long it must be bad before the alert fires, in milliseconds. Defaults to 0: at once. */
  readonly forMs?: number | undefined;

  /** How long it must be good again before the alert resolves, in milliseconds. Defaults to 0: at once. */
  readonly keepFiringForMs?: number | undefined;

  /** What to tell whoever is woken up. */
  readonly summary?: string | undefined;
}

/** A rule as it stands. Plain JSON; instants are milliseconds since 1970. */
export interface Alert {
  readonly rule: string;
  readonly severity: Severity;
  readonly summary?: string | undefined;
  readonly state: AlertState;
  readonly threshold: number;
  /** What the rule last gave; missing if that was nothing. */
  readonly value?: number | undefined;
  /** Since when the condition has held without a break, or held before it resolved. */
  readonly activeAt?: number | undefined;
  readonly firedAt?: number | undefined;
  readonly resolvedAt?: number | undefined;
  /** Whether the rule itself works; `unknown` until it is first evaluated. */
  readonly health: 'unknown' | 'ok' | 'error';
  /** The message of what the rule threw last time. */
  readonly error?: string | undefined;
}

/** One step of one alert. */
export interface AlertTransition {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly rule: string;
  readonly severity: Severity;
  readonly from: AlertState;
  readonly to: AlertState;
  readonly value?: number | undefined;
}
