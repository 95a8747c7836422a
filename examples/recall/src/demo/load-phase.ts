/** What one phase of load asks of the generator. */
export interface LoadPhase {
  readonly name: string;
  readonly ratePerSecond: number;
  readonly durationMs: number;
  /** How the paths of the requests are spread: from the few popular ones to all of them alike. */
  readonly spread: 'popular' | 'wide';
}

/** What one phase of load measured, seen from the client. */
export interface PhaseMeasurement {
  readonly requests: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Answers with 2xx. */
  readonly answered: number;
  /** Answers with 2xx that left something out and said so. */
  readonly degraded: number;
  /** 429: over a rate limit. */
  readonly limited: number;
  /** 503 and 504: refused or given up by the service on purpose. */
  readonly shed: number;
  /** 500, 502 and broken connections: what must not happen. */
  readonly failed: number;
  /** 99th percentile of how late the generator itself sent, in milliseconds. Over 20 the measurement is not worth much. */
  readonly lagP99Ms: number;
}

/** One HTTP request, prepared by the workload. */
export interface PlannedRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly user: string;
  readonly body?: unknown;
}
