import { byField, type ComponentKind, inSeconds, metricsOf, snakeCase, stateSet } from './component.ts';

/** What is read of a circuit breaker's statistics. */
interface CircuitBreakerStatistics {
  readonly state: string;
  readonly calls?: Readonly<Record<string, number>>;
  readonly slowCalls?: number;
  readonly transitions?: Readonly<Record<string, number>>;
  readonly openMs?: number;
  readonly windowCalls?: number;
  readonly failureRatio?: number;
  readonly lastTransitionAt?: number | undefined;
}

const states = ['closed', 'open', 'half_open', 'forced_open', 'disabled'];

/** The catalogue's words for states that a breaker names otherwise, or by how it came to them. */
const catalogued: Readonly<Record<string, string>> = {
  isolated: 'forced_open',
  opened: 'open',
  halfOpened: 'half_open',
};

const { counter, gauge } = metricsOf<CircuitBreakerStatistics>('name');

export const circuitBreaker: ComponentKind = {
  component: 'circuit-breaker',
  metrics: [
    gauge(
      'circuit_breaker_state',
      'State set: 1 for the present state; closed, open, half_open, forced_open, disabled',
      ({ state }) => stateSet('state', states, catalogued[state] ?? snakeCase(state)),
    ),
    counter(
      'circuit_breaker_calls_total',
      'Calls: success, failure, ignored, rejected, stale (ended too late to count)',
      ({ calls }) => byField('outcome', calls),
    ),
    counter(
      'circuit_breaker_slow_calls_total',
      'Calls over the slow threshold, whatever their outcome',
      ({ slowCalls }) => [[slowCalls]],
    ),
    counter(
      'circuit_breaker_transitions_total',
      'State changes (never lost between scrapes)',
      ({ transitions }) => byField('to', transitions, catalogued),
    ),
    counter(
      'circuit_breaker_open_seconds_total',
      'Seconds spent in any state but closed; rate() is the share of time',
      ({ openMs }) => [[inSeconds(openMs)]],
    ),
    gauge('circuit_breaker_failure_ratio', 'Failure share of the present window, 0-1', ({ failureRatio }) => [
      [failureRatio],
    ]),
    gauge(
      'circuit_breaker_window_calls',
      'Calls in the present window (is the ratio meaningful?)',
      ({ windowCalls }) => [[windowCalls]],
    ),
    gauge(
      'circuit_breaker_last_transition_timestamp_seconds',
      'Unix time of last change',
      ({ lastTransitionAt }) => [[inSeconds(lastTransitionAt)]],
    ),
  ],
};
