import type { Degradation } from '@holdfast/degradation';
import { type Component, Metrics } from '@holdfast/metrics';
import type { IJobQueue } from '@holdfast/jobs';
import {
  AlertManager,
  breakerOpen,
  budgetBurning,
  bulkheadSaturated,
  cacheHitRatioLow,
  degraded,
} from '@holdfast/metrics/alerts';
import {
  breakerCheck,
  cacheCheck,
  degradationCheck,
  Health,
  type HealthCheck,
} from '@holdfast/metrics/health';
import { exposeTo } from '@holdfast/metrics/prometheus';
import { SlaTracker } from '@holdfast/metrics/sla';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Storage } from '../storage/contract.ts';
import { userId } from '../domain/user-id.ts';
import type { Caches } from './caching.ts';
import type { Feature } from './features.ts';
import type { Limiter } from './limiter.ts';
import type { Guard, Policies } from './policies.ts';

interface Watched {
  readonly policies: Policies;
  readonly caches: Caches;
  readonly limiter: Limiter;
  readonly degradation: Degradation<Feature>;
  readonly storage: Storage;
  readonly queue: IJobQueue;
}

/** Everything that tells how the service is doing. Nothing here is called on the path of a request but counting. */
export class Monitoring implements Disposable {
  readonly metrics: Metrics = new Metrics();
  readonly registry: Registry = new Registry();
  readonly sla: SlaTracker = new SlaTracker();
  readonly alerts: AlertManager;
  readonly health: Health;

  constructor(watched: Watched) {
    const { policies, caches, limiter, degradation, queue } = watched;
    const guards = [policies.database, policies.embedding];
    const components = [
      caches.answers,
      caches.revisions,
      limiter,
      degradation,
      queue,
      policies.requests,
      policies.embeddingJobs,
      ...guards.flatMap(componentsOf),
    ];
    for (const component of components) this.metrics.bind(component);
    exposeTo(this.registry, this.metrics);
    collectDefaultMetrics({ register: this.registry });

    this.alerts = new AlertManager({
      rules: [
        ...guards.map(({ breaker }) => breakerOpen(breaker, { forMs: 1_000 })),
        ...guards.map(({ bulkhead }) => bulkheadSaturated(bulkhead)),
        cacheHitRatioLow(caches.answers),
        degraded(degradation),
        ...budgetBurning(this.sla, 'availability'),
      ],
      intervalMs: 1_000,
    });
    this.health = new Health({
      description: 'Recall, a personal memory',
      checks: [
        databaseCheck(watched.storage),
        ...guards.map(({ breaker }) => breakerCheck(breaker)),
        cacheCheck(caches.answers),
        degradationCheck(degradation),
      ],
    });
    this.metrics.bind(this.alerts);
    this.metrics.bind(this.health);
    this.metrics.bind(this.sla);
  }

  start(): void {
    this.alerts.start();
    this.health.start();
  }

  [Symbol.dispose](): void {
    this.alerts[Symbol.dispose]();
    this.health[Symbol.dispose]();
  }
}

const componentsOf = ({ policy, breaker, bulkhead, timeout, retry }: Guard): Component[] =>
  [policy, breaker, bulkhead, timeout, retry].filter((part) => part !== undefined);

/** Reads through the guarded storage, so it fails as requests would. All instances share the database. */
function databaseCheck(storage: Storage): HealthCheck {
  const probe = userId('health-probe');
  return {
    name: 'database:read',
    critical: true,
    shared: true,
    componentType: 'datastore',
    intervalMs: 2_000,
    check: async () => void (await storage.users.revision(probe)),
  };
}
