import type { FastifyInstance } from 'fastify';
import { healthContentType, httpStatusOf } from '@holdfast/metrics/health';
import type { Monitoring } from '../../service/monitoring.ts';

/** How the service is doing, for people and machines that run it. To be kept off the public network by the proxy. */
export function registerOperations(
  app: FastifyInstance,
  { health, registry, alerts, sla }: Monitoring,
): void {
  app.get('/health', async (_request, reply) => {
    const report = health.report();
    return reply
      .code(httpStatusOf(report))
      .type(healthContentType)
      .header('cache-control', 'no-store')
      .send(JSON.stringify(report));
  });

  app.get('/health/live', async (_request, reply) => {
    const { status } = health.live();
    return reply.code(httpStatusOf({ status })).send({ status });
  });

  app.get('/health/ready', async (_request, reply) => {
    const { status } = health.ready();
    return reply.code(httpStatusOf({ status })).send({ status });
  });

  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );

  app.get('/alerts', async () => ({ active: alerts.active(), history: alerts.history().slice(-100) }));

  app.get('/sla', async () => sla.report());
}
