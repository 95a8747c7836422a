import { alerts } from './alerts.ts';
import { bulkhead } from './bulkhead.ts';
import { chaos } from './chaos.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import type { ComponentKind } from './component.ts';
import { database } from './database.ts';
import { dedupe } from './dedupe.ts';
import { degradation } from './degradation.ts';
import { fallback } from './fallback.ts';
import { health } from './health.ts';
import { hedge } from './hedge.ts';
import { jobs } from './jobs.ts';
import { jsonCache } from './json-cache.ts';
import { memoryCache } from './memory-cache.ts';
import { pipeline } from './pipeline.ts';
import { rateLimiter } from './rate-limiter.ts';
import { retry } from './retry.ts';
import { sla } from './sla.ts';
import { tieredCache } from './tiered-cache.ts';
import { timeout } from './timeout.ts';
import { worker } from './worker.ts';

/** Every kind of component that can be bound. */
export const componentKinds: readonly ComponentKind[] = [
  alerts,
  bulkhead,
  chaos,
  circuitBreaker,
  database,
  dedupe,
  degradation,
  fallback,
  health,
  hedge,
  jobs,
  jsonCache,
  memoryCache,
  pipeline,
  rateLimiter,
  retry,
  sla,
  tieredCache,
  timeout,
  worker,
];
