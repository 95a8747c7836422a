import type { CheckState } from './check-runner.ts';
import type { CheckResult, HealthStatus } from './check.ts';

/** The media type of a {@link HealthReport}. */
export const healthContentType = 'application/health+json';

/** One entry of a {@link HealthReport}. */
export interface CheckReport {
  readonly status: HealthStatus;
  readonly componentType?: string | undefined;
  readonly observedValue?: CheckResult['observedValue'];
  readonly observedUnit?: string | undefined;
  /** ISO 8601. */
  readonly time?: string | undefined;
  readonly output?: string | undefined;
}

/**
 * The health of a service as `application/health+json`.
 *
 * @see draft-inadarei-api-health-check-06, "Health Check Response Format for HTTP APIs"
 */
export interface HealthReport {
  readonly status: HealthStatus;
  readonly version?: string | undefined;
  readonly serviceId?: string | undefined;
  readonly description?: string | undefined;
  /** Why it is not `pass`, in words. */
  readonly output?: string | undefined;
  readonly checks: Readonly<Record<string, readonly CheckReport[]>>;
}

/** The HTTP status that goes with it: 200 for `pass` and `warn`, 503 for `fail`. */
export function httpStatusOf({ status }: { readonly status: HealthStatus }): 200 | 503 {
  return status === 'fail' ? 503 : 200;
}

export function checkReport(state: CheckState, componentType: string | undefined): CheckReport {
  const { status, observedValue, observedUnit, checkedAt, output } = state;
  return {
    status,
    ...(componentType === undefined ? {} : { componentType }),
    ...(observedValue === undefined ? {} : { observedValue }),
    ...(observedUnit === undefined ? {} : { observedUnit }),
    ...(checkedAt === undefined ? {} : { time: isoTime(checkedAt) }),
    ...(output === undefined || status === 'pass' ? {} : { output }),
  };
}

function isoTime(epochMs: number): string {
  // oxlint-disable-next-line no-restricted-globals -- writes down an instant that the injected clock gave
  return new Date(epochMs).toISOString();
}
