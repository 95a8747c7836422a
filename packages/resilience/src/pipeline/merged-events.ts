import type { BulkheadEvent } from '@holdfast/bulkhead';
import type { CircuitBreakerEvent } from '@holdfast/circuit-breaker';
import type { EventSource } from '@holdfast/core';
import type { DedupeEvent } from '@holdfast/dedupe';
import type { RateLimiterEvent } from '@holdfast/rate-limiter';

import type { RetryEvent } from '../retry/events.ts';
import type { TimeoutEvent } from '../timeout/events.ts';
import type { OwnPipelineEvent } from './events.ts';
import type { PipelineParts } from './slots.ts';

/** What a pipeline or a policy in one of its slots tells. */
export type PipelineEvent =
  | { readonly slot: 'pipeline'; readonly event: OwnPipelineEvent }
  | { readonly slot: 'dedupe'; readonly event: DedupeEvent }
  | { readonly slot: 'retry'; readonly event: RetryEvent }
  | { readonly slot: 'breaker'; readonly event: CircuitBreakerEvent }
  | { readonly slot: 'rateLimit'; readonly event: RateLimiterEvent }
  | { readonly slot: 'bulkhead'; readonly event: BulkheadEvent }
  | { readonly slot: 'timeout'; readonly event: TimeoutEvent };

/** One stream of all of them. A policy is listened to only while somebody listens here. */
export function mergedEvents(
  own: EventSource<OwnPipelineEvent>,
  parts: PipelineParts<unknown>,
): EventSource<PipelineEvent> {
  const { dedupe, retry, breaker, rateLimit, bulkhead, timeout } = parts;
  return {
    subscribe(listener) {
      const subscriptions = [
        own.subscribe((event) => listener({ slot: 'pipeline', event })),
        dedupe?.events.subscribe((event) => listener({ slot: 'dedupe', event })),
        retry?.events.subscribe((event) => listener({ slot: 'retry', event })),
        breaker?.events.subscribe((event) => listener({ slot: 'breaker', event })),
        rateLimit?.events.subscribe((event) => listener({ slot: 'rateLimit', event })),
        bulkhead?.events.subscribe((event) => listener({ slot: 'bulkhead', event })),
        timeout?.events.subscribe((event) => listener({ slot: 'timeout', event })),
      ];
      return () => {
        for (const unsubscribe of subscriptions) unsubscribe?.();
      };
    },
  };
}
