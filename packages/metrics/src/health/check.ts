/** `warn` is in trouble but serving. */
export type HealthStatus = 'pass' | 'warn' | 'fail';

/** What a check found. */
export interface CheckResult {
  readonly status: HealthStatus;
  /** For people, if it is not `pass`. Shown as it is: keep secrets and addresses of users out of it. */
  readonly output?: string | undefined;
  readonly observedValue?: string | number | boolean | undefined;
  readonly observedUnit?: string | undefined;
}

/** What a check is told. */
export interface CheckContext {
  /** Aborts when the check has taken too long or is no longer wanted. */
  readonly signal: AbortSignal;
}

/** Something to be looked at regularly, in the background. */
export interface HealthCheck {
  /** Different for each check; the part before a colon names the component, the part after it what is measured. */
  readonly name: string;

  /**
   * What it says something about. `liveness`: whether the process can go on at all, so it must depend on nothing
   * outside. `readiness`: whether to send it requests. `info`: neither. Defaults to `'readiness'`.
   */
  readonly kind?: 'liveness' | 'readiness' | 'info' | undefined;

  /** Whether its failure is the failure of the whole. Defaults to `false`: it is a warning. */
  readonly critical?: boolean | undefined;

  /**
   * Whether all instances depend on the same thing, such as a database. If it fails they would all leave at once, so it
   * does not make one unready. Defaults to `false`.
   */
  readonly shared?: boolean | undefined;

  /** Lets a shared, critical check make the process unready all the same. Defaults to `false`. */
  readonly failReadinessOnShared?: boolean | undefined;

  /** Resolves with what it found, or with nothing, which is `pass`. What it throws is `fail`. */
  readonly check: (context: CheckContext) => CheckResult | void | PromiseLike<CheckResult | void>;

  /** What is checked, such as `datastore`; shown in the report. */
  readonly componentType?: string | undefined;

  /** Longest a check may take, in milliseconds, at least 1. Defaults to 2,000. */
  readonly timeoutMs?: number | undefined;

  /** Pause between two checks, in milliseconds, at least 1, shifted by up to a tenth at random. Defaults to 10,000. */
  readonly intervalMs?: number | undefined;

  /** Failures in a row that make it `fail` once it has passed; until then it is `warn`. At least 1; defaults to 3. */
  readonly failureThreshold?: number | undefined;

  /** Successes in a row that end a `fail`. At least 1; defaults to 1. */
  readonly successThreshold?: number | undefined;

  /** Age at which a result means nothing any more and is `fail`, in milliseconds. Defaults to three intervals. */
  readonly staleAfterMs?: number | undefined;
}
