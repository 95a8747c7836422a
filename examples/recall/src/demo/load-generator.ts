import { Agent, request } from 'node:http';
import { type Clock, systemClock } from '@holdfast/core';
import type { LoadPhase, PhaseMeasurement, PlannedRequest } from './load-phase.ts';

interface Answer {
  readonly status: number;
  readonly degraded: boolean;
}

/**
 * Sends requests on an absolute schedule, whether or not earlier ones have been answered, and counts each latency from
 * the instant at which the request was due. A generator that waits for answers, or counts from when it got round to sending,
 * hides exactly the outage it is there to show.
 *
 * @see "How NOT to Measure Latency" (2013), on coordinated omission
 */
export class LoadGenerator {
  readonly #origin: URL;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 512 });
  readonly #clock: Clock;

  constructor(origin: string, clock: Clock = systemClock) {
    this.#origin = new URL(origin);
    this.#clock = clock;
  }

  async run(phase: LoadPhase, next: () => PlannedRequest): Promise<PhaseMeasurement> {
    const total = Math.round((phase.ratePerSecond * phase.durationMs) / 1_000);
    const gapMs = 1_000 / phase.ratePerSecond;
    const startedAt = this.#clock.now();
    const latencies: number[] = [];
    const lags: number[] = [];
    const answers: Promise<Answer>[] = [];

    for (let sent = 0; sent < total;) {
      const now = this.#clock.now();
      for (; sent < total && startedAt + sent * gapMs <= now; sent += 1) {
        const dueAt = startedAt + sent * gapMs;
        lags.push(this.#clock.now() - dueAt);
        answers.push(
          this.#send(next()).then((answer) => {
            latencies.push(this.#clock.now() - dueAt);
            return answer;
          }),
        );
      }
      await new Promise<void>((resolve) => this.#clock.schedule(resolve, 1));
    }
    return summarise(await Promise.all(answers), latencies, lags);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #send({ method, path, user, body }: PlannedRequest): Promise<Answer> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve) => {
      const outgoing = request(new URL(path, this.#origin), {
        method,
        agent: this.#agent,
        headers: {
          'x-user-id': user,
          ...(payload !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(payload),
          }),
        },
      });
      outgoing.on('response', (response) => {
        response.resume();
        response.on('error', () => resolve({ status: 0, degraded: false }));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            degraded: response.headers['x-degraded'] !== undefined,
          }),
        );
      });
      outgoing.on('error', () => resolve({ status: 0, degraded: false }));
      outgoing.end(payload);
    });
  }
}

function summarise(answers: readonly Answer[], latencies: number[], lags: number[]): PhaseMeasurement {
  const count = (matches: (answer: Answer) => boolean): number => answers.filter(matches).length;
  const ok = ({ status }: Answer): boolean => status >= 200 && status < 300;
  const shed = ({ status }: Answer): boolean => status === 503 || status === 504;
  return {
    requests: answers.length,
    p50Ms: quantile(latencies, 0.5),
    p95Ms: quantile(latencies, 0.95),
    p99Ms: quantile(latencies, 0.99),
    answered: count(ok),
    degraded: count((answer) => ok(answer) && answer.degraded),
    limited: count(({ status }) => status === 429),
    shed: count(shed),
    failed: count((answer) => answer.status === 0 || (answer.status >= 500 && !shed(answer))),
    lagP99Ms: quantile(lags, 0.99),
  };
}

/** The smallest sample that at least `share` of all samples do not exceed. */
function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
