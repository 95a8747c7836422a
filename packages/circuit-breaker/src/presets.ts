import { seconds } from '@holdfast/core';

import type { CircuitBreakerOptions } from './options.ts';

/**
 * Breakers for common dependencies, to be used as they are or spread into other options. All of them open at five failures
 * in a row, let a trial call through after 60 s, and close when three have succeeded. They differ in how long a call may
 * take before it counts as slow, and before a trial call counts as failed; give the call itself a timeout of as much.
 */
export const presets: {
  /** Calls of up to 30 s. */
  readonly database: CircuitBreakerOptions;
  /** Calls of up to 60 s. */
  readonly openai: CircuitBreakerOptions;
  /** Calls of up to 120 s. */
  readonly external: CircuitBreakerOptions;
} = Object.freeze({
  database: preset('database', seconds(30)),
  openai: preset('openai', seconds(60)),
  external: preset('external', seconds(120)),
});

function preset(name: string, longestMs: number): CircuitBreakerOptions {
  return Object.freeze({
    name,
    window: Object.freeze({ calls: 5 }),
    minCalls: 5,
    failureRatio: 1,
    slow: Object.freeze({ afterMs: longestMs, ratio: 1 }),
    openForMs: seconds(60),
    maxOpenForMs: seconds(60),
    jitterRatio: 0,
    halfOpen: Object.freeze({ calls: 3, maxFailures: 0, leaseMs: longestMs }),
  });
}
