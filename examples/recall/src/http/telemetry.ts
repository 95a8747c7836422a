import type { Metrics } from '@holdfast/metrics';
import type { SlaTracker } from '@holdfast/metrics/sla';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Bucket bounds of the HTTP semantic conventions, in seconds; 0.5 and 1 are exactly what the SLA promises. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

type Outcome = 'success' | 'client_error' | 'server_error' | 'rejected' | 'aborted';

/**
 * Counts and times every request that is about the service's work, also those whose client left; operators' own requests
 * would only blur the picture.
 */
export function registerTelemetry(app: FastifyInstance, metrics: Metrics, sla: SlaTracker): void {
  const labels = ['http_request_method', 'http_route'] as const;
  const requests = metrics.counter('http_server_requests_total', {
    help: 'Requests by how they ended',
    labels: [...labels, 'outcome'],
  });
  const durations = metrics.histogram('http_server_request_duration_seconds', {
    help: 'Time from request headers to end of response',
    labels: [...labels, 'http_response_status_code'],
    buckets,
  });

  const count = (route: Route, reply: FastifyReply): void => {
    const { statusCode, elapsedTime: durationMs } = reply;
    const outcome = outcomeOf(reply);
    requests.with({ ...route, outcome }).add();
    if (outcome === 'aborted') return;
    durations.with({ ...route, http_response_status_code: String(statusCode) }).observe(durationMs / 1_000);
    sla.record({ durationMs, outcome: slaOutcomes[outcome] });
  };

  // Not onResponse, which is not told of a client that left.
  app.addHook('onRequest', async ({ routeOptions }, reply) => {
    const { config, url = '', method } = routeOptions;
    if (config.call === undefined) return;
    const route = { http_request_method: String(method), http_route: url };
    reply.raw.once('close', () => count(route, reply));
  });
}

interface Route {
  readonly http_request_method: string;
  readonly http_route: string;
}

const slaOutcomes = {
  success: 'success',
  client_error: 'success',
  server_error: 'failure',
  rejected: 'rejected',
} as const satisfies Record<Exclude<Outcome, 'aborted'>, string>;

function outcomeOf({ statusCode, raw }: FastifyReply): Outcome {
  if (!raw.writableFinished) return 'aborted';
  if (statusCode === 429 || statusCode === 503) return 'rejected';
  if (statusCode >= 500) return 'server_error';
  return statusCode >= 400 ? 'client_error' : 'success';
}
