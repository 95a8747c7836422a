import type { Component } from '@holdfast/metrics';

/** A component of any kind, with statistics that a test can change. */
export class Specimen implements Component {
  readonly name: string;
  readonly kind: string;
  fields: Record<string, unknown>;
  /** How often it was asked. */
  reads = 0;

  constructor(kind: string, name: string, fields: Record<string, unknown>) {
    this.kind = kind;
    this.name = name;
    this.fields = fields;
  }

  statistics(): { readonly component: string } {
    this.reads += 1;
    return { component: this.kind, ...this.fields };
  }
}

export const breaker = (name: string, fields: Record<string, unknown> = {}): Specimen =>
  new Specimen('circuit-breaker', name, {
    state: 'closed',
    calls: { success: 0, failure: 0, ignored: 0, rejected: 0, stale: 0 },
    slowCalls: 0,
    transitions: { opened: 0, halfOpened: 0, closed: 0, isolated: 0 },
    openMs: 0,
    windowCalls: 0,
    failureRatio: 0,
    lastTransitionAt: undefined,
    ...fields,
  });

export const bulkhead = (name: string): Specimen =>
  new Specimen('bulkhead', name, {
    running: 3,
    queued: 2,
    limit: 10,
    queueLimit: 20,
    abandoned: 1,
    calls: { admitted: 40, queued: 5, rejectedFull: 1, rejectedTimeout: 2, rejectedClosed: 0, aborted: 3 },
  });

export const rateLimiter = (name: string): Specimen =>
  new Specimen('rate-limiter', name, {
    decisions: { allowed: 7, rejected: 3, local: 2 },
    rejections: { user: 2, global: 1 },
    storeErrors: 4,
    trackedSubjects: 5,
  });

export const dedupe = (name: string): Specimen =>
  new Specimen('dedupe', name, { calls: { leader: 4, follower: 6 }, inFlight: 1, abandoned: 2 });

const tier = { hits: 1, misses: 2, errors: 0, skipped: 0 };

export const tieredCache = (name: string): Specimen =>
  new Specimen('tiered-cache', name, {
    lookups: { l1Hit: 5, l2Hit: 4, l3Hit: 0, staleHit: 1, loaded: 2, miss: 3, error: 0 },
    tiers: {
      l1: { ...tier, entries: 9, bytes: 900, capacityEntries: 100, evictions: 6 },
      l2: { ...tier, writesApplied: 8, writesFailed: 1, queued: 2, up: 1 },
    },
    loads: { success: 2, failure: 1 },
    refreshes: { success: 3, failure: 0 },
    slides: { extended: 5, refused: 1 },
    staleServed: { revalidating: 1, loadError: 0 },
  });

export const degradation = (name: string): Specimen =>
  new Specimen('degradation', name, {
    level: 1,
    score: 0.83,
    transitions: 1,
    msAt: { normal: 9_000, reduced: 1_500, critical: 0 },
    featuresDisabled: 2,
    refused: { sheddable: 3, normal: 0 },
  });

export const retry = (name: string): Specimen =>
  new Specimen('retry', name, {
    calls: { succeededWithoutRetry: 4, succeededAfterRetry: 3, failedWithoutRetry: 2, failedAfterRetry: 1 },
    retries: 9,
  });

export const hedge = (name: string): Specimen =>
  new Specimen('hedge', name, {
    calls: { byFirst: 5, byHedge: 2, failed: 1 },
    hedges: { started: 3, suppressed: 4 },
    delayMs: 20,
  });

export const fallback = (name: string): Specimen =>
  new Specimen('fallback', name, { calls: { answered: 5, failed: 2, refused: 1 }, running: 3 });

export const chaos = (name: string): Specimen =>
  new Specimen('chaos', name, { injected: { latency: 1, fault: 2, outcome: 3 } });

export const timeout = (name: string): Specimen =>
  new Specimen('timeout', name, { calls: { inTime: 5, timedOut: 1 }, zombies: 1 });

export const pipeline = (name: string): Specimen =>
  new Specimen('pipeline', name, { calls: { success: 5, failure: 2, fallback: 1, cancelled: 0 } });

export const jobs = (name: string): Specimen =>
  new Specimen('jobs', name, {
    waiting: 3,
    delayed: 2,
    active: 1,
    dead: 4,
    oldestWaitingMs: 2_500,
    enqueued: 20,
    deduplicated: 1,
    claimed: 12,
    completed: 9,
    failed: 3,
    retried: 2,
    died: 1,
    cancelled: 0,
    stalled: 1,
    released: 0,
    redriven: 0,
    leasesLost: 1,
  });

export const memoryCache = (name: string): Specimen =>
  new Specimen('memory-cache', name, {
    hits: 8,
    misses: 2,
    entries: 5,
    bytes: 500,
    capacityEntries: 50,
    evictions: 1,
  });

export const database = (name: string): Specimen =>
  new Specimen('database', name, { committed: 7, rolledBack: 1, fileBytes: 4_096, walBytes: 512 });

export const jsonCache = (name: string): Specimen =>
  new Specimen('json-cache', name, { hits: 6, misses: 3, errors: 1 });

export const worker = (name: string): Specimen =>
  new Specimen('worker', name, {
    running: 2,
    succeeded: 9,
    failed: 3,
    cancelled: 1,
    released: 0,
    leasesLost: 1,
    errors: 4,
  });
