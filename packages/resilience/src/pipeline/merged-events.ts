import type { BulkheadEvent } from '@holdfast/bulkhead';
import type { CircuitBreakerEvent } from '@holdfast/circuit-breaker';
import type { EventSource } from '@holdfast/core';
import type { DedupeEvent } from '@holdfast/dedupe';
import type { RateLimiterEvent } from '@holdfast/rate-limiter';

import type { ChaosEvent } from '../chaos/events.ts';
import type { FallbackEvent } from '../fallback/events.ts';
import type { HedgeEvent } from '../hedge/events.ts';
import type { RetryEvent } from '../retry/events.ts';
import type { TimeoutEvent } from '../timeout/events.ts';
import type { PipelineParts } from './slots.ts';

/** What a policy in one of the slots tells. */
export type PipelineEvent =
  | { readonly slot: 'fallback'; readonly event: FallbackEvent }
  | { readonly slot: 'dedupe'; readonly event: DedupeEvent }
  | { readonly slot: 'retry'; readonly event: RetryEvent }
  | { readonly slot: 'hedge'; readonly event: HedgeEvent }
  | { readonly slot: 'breaker'; readonly event: CircuitBreakerEvent }
  | { readonly slot: 'rateLimit'; readonly event: RateLimiterEvent }
  | { readonly slot: 'bulkhead'; readonly event: BulkheadEvent }
  | { readonly slot: 'timeout'; readonly event: TimeoutEvent }
  | { readonly slot: 'chaos'; readonly event: ChaosEvent };

/** One stream of all of them. A policy is listened to only while somebody listens here. */
export function mergedEvents(parts: PipelineParts<unknown>): EventSource<PipelineEvent> {
  const { fallback, dedupe, retry, hedge, breaker, rateLimit, bulkhead, timeout, chaos } = parts;
  return {
    subscribe(listener) {
      const subscriptions = [
        fallback?.events.subscribe((event) => listener({ slot: 'fallback', event })),
        dedupe?.events.subscribe((event) => listener({ slot: 'dedupe', event })),
        retry?.events.subscribe((event) => listener({ slot: 'retry', event })),
        hedge?.events.subscribe((event) => listener({ slot: 'hedge', event })),
        breaker?.events.subscribe((event) => listener({ slot: 'breaker', event })),
        rateLimit?.events.subscribe((event) => listener({ slot: 'rateLimit', event })),
        bulkhead?.events.subscribe((event) => listener({ slot: 'bulkhead', event })),
        timeout?.events.subscribe((event) => listener({ slot: 'timeout', event })),
        chaos?.events.subscribe((event) => listener({ slot: 'chaos', event })),
      ];
      return () => {
        for (const unsubscribe of subscriptions) unsubscribe?.();
      };
    },
  };
}
