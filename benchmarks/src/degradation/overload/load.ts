import { Agent, get } from 'node:http';

import { randomOf } from '../../harness/zipf.ts';

export type Criticality = 'critical' | 'normal' | 'sheddable';

/** What became of one call. */
export interface Call {
  readonly criticality: Criticality;
  /** When it was due, in milliseconds from the beginning of the run. */
  readonly dueMs: number;
  /** From when it was due until it was answered. */
  readonly latencyMs: number;
  readonly outcome: 'answered' | 'refused' | 'failed';
}

/** A stretch of time with calls at a constant mean rate. */
export interface Phase {
  readonly durationMs: number;
  readonly callsPerSecond: number;
}

/** Of ten calls one is critical, four are normal and five sheddable. */
const mix: readonly Criticality[] = [
  'critical',
  ...Array<Criticality>(4).fill('normal'),
  ...Array<Criticality>(5).fill('sheddable'),
];
const users = 1_000;
const patienceMs = 10_000;

/**
 * Sends calls when they are due, whether or not earlier ones are answered: a caller who waits for answers sends less just when the
 * service is slow. Times between them are drawn from an exponential distribution, as those of callers who do not know each other.
 */
export class Load {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #random = randomOf(7);
  readonly #startedAt = performance.now();
  readonly #calls: Call[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #dueMs = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** Those that have ended. */
  get calls(): readonly Call[] {
    return this.#calls;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  async run({ durationMs, callsPerSecond }: Phase): Promise<void> {
    const endsMs = Math.max(this.#dueMs, this.elapsedMs) + durationMs;
    this.#dueMs = Math.max(this.#dueMs, this.elapsedMs);
    while (this.#dueMs < endsMs) {
      this.#dueMs += (-Math.log(1 - this.#random()) * 1_000) / callsPerSecond;
      while (this.elapsedMs < this.#dueMs) await new Promise((resolve) => setTimeout(resolve, 1));
      void this.#send(this.#dueMs);
    }
  }

  /** Keeps `callers` calls under way, each sent when the one before is answered: how much can be answered at all. */
  async closed(durationMs: number, callers: number): Promise<void> {
    const endsMs = this.elapsedMs + durationMs;
    const call = async (): Promise<void> => {
      while (this.elapsedMs < endsMs) await this.#send(this.elapsedMs);
    };
    await Promise.all(Array.from({ length: callers }, call));
    await this.end();
  }

  /** Waits for those under way. */
  async end(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#agent.destroy();
  }

  #send(dueMs: number): Promise<void> {
    const criticality = mix[Math.floor(this.#random() * mix.length)] ?? 'normal';
    const user = `user-${Math.floor(this.#random() * users)}`;
    const sent = this.#answered(criticality, user, dueMs).finally(() => this.#underWay.delete(sent));
    this.#underWay.add(sent);
    return sent;
  }

  async #answered(criticality: Criticality, user: string, dueMs: number): Promise<void> {
    const outcome = await this.#ask(criticality, user);
    this.#calls.push({ criticality, dueMs, latencyMs: this.elapsedMs - dueMs, outcome });
  }

  #ask(criticality: Criticality, user: string): Promise<Call['outcome']> {
    return new Promise((resolve) => {
      const options = { port: this.#port, path: `/${criticality}`, agent: this.#agent, timeout: patienceMs };
      const request = get({ ...options, host: '127.0.0.1', headers: { 'x-user': user } }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 200 ? 'answered' : 'refused'));
      });
      request.once('timeout', () => request.destroy());
      request.once('error', () => resolve('failed'));
    });
  }
}
