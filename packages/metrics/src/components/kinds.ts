import { alerts } from './alerts.ts';
import { bulkhead } from './bulkhead.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import type { ComponentKind } from './component.ts';
import { database } from './database.ts';
import { dedupe } from './dedupe.ts';
import { degradation } from './degradation.ts';
import { health } from './health.ts';
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
  circuitBreaker,
  database,
  dedupe,
  degradation,
  health,
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
