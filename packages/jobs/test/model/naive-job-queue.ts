import type { JobState, NewJob, Priority } from '@holdfast/jobs';

interface Entry {
  readonly name: number;
  readonly priority: number;
  readonly maxAttempts: number;
  state: JobState;
  runAt: number;
  attempts: number;
  stalls: number;
  token: number;
  leaseUntilAt: number;
  cancelRequested: boolean;
}

type Lost = 'lost';

/** The queue as one would explain it: a list that is searched from the front. Jobs are named by a number. */
export class NaiveJobQueue {
  readonly #jobs: Entry[] = [];
  readonly #keys = new Map<string, { name: number; until: number }>();
  readonly #leaseMs: number;
  readonly #maxStalls: number;

  constructor(leaseMs: number, maxStalls: number) {
    this.#leaseMs = leaseMs;
    this.#maxStalls = maxStalls;
  }

  get count(): number {
    return this.#jobs.length;
  }

  enqueue(name: number, job: NewJob, now: number): number {
    const {
      idempotencyKey: key,
      idempotencyTtlMs = 0,
      priority = 'normal',
      delayMs = 0,
      maxAttempts = 3,
    } = job;
    const taken = key === undefined ? undefined : this.#keys.get(key);
    if (taken !== undefined && now < taken.until) return taken.name;
    if (key !== undefined) this.#keys.set(key, { name, until: now + idempotencyTtlMs });
    const ranks: Priority[] = ['critical', 'high', 'normal', 'low'];
    this.#jobs.push({
      name,
      priority: ranks.indexOf(priority),
      maxAttempts,
      state: 'waiting',
      runAt: now + delayMs,
      attempts: 0,
      stalls: 0,
      token: 0,
      leaseUntilAt: 0,
      cancelRequested: false,
    });
    return name;
  }

  claim(max: number, now: number): { name: number; token: number }[] {
    for (const job of this.#jobs)
      if (job.state === 'active' && job.leaseUntilAt <= now) this.#stall(job, now);
    const due = this.#jobs.filter((job) => job.state === 'waiting' && job.runAt <= now);
    // The sort is stable, so equals stay in the order of enqueueing.
    due.sort((a, b) => a.priority - b.priority || a.runAt - b.runAt);
    return due.slice(0, max).map((job) => {
      job.state = 'active';
      job.attempts += 1;
      job.token += 1;
      job.leaseUntilAt = now + this.#leaseMs;
      return { name: job.name, token: job.token };
    });
  }

  heartbeat(name: number, token: number, now: number): boolean | Lost {
    const job = this.#held(name, token);
    if (job === undefined) return 'lost';
    job.leaseUntilAt = now + this.#leaseMs;
    return job.cancelRequested;
  }

  complete(name: number, token: number): JobState | Lost {
    const job = this.#held(name, token);
    if (job === undefined) return 'lost';
    return (job.state = job.cancelRequested ? 'cancelled' : 'completed');
  }

  fail(name: number, token: number, waitMs: number | 'never', now: number): JobState | Lost {
    const job = this.#held(name, token);
    return job === undefined ? 'lost' : this.#failed(job, waitMs, now);
  }

  release(name: number, token: number): JobState | Lost {
    const job = this.#held(name, token);
    if (job === undefined) return 'lost';
    job.attempts -= 1;
    return (job.state = job.cancelRequested ? 'cancelled' : 'waiting');
  }

  cancel(name: number): string {
    const job = this.#find(name);
    if (job === undefined) return 'unknown';
    if (job.state === 'waiting') return (job.state = 'cancelled');
    if (job.state !== 'active') return 'finished';
    job.cancelRequested = true;
    return 'requested';
  }

  redrive(name: number, now: number): boolean {
    const job = this.#find(name);
    if (job?.state !== 'dead') return false;
    Object.assign(job, { state: 'waiting', runAt: now, attempts: 0, stalls: 0 });
    return true;
  }

  look(name: number): object | undefined {
    const job = this.#find(name);
    if (job === undefined) return undefined;
    const { state, runAt, attempts, stalls, cancelRequested } = job;
    return { state, runAt, attempts, stalls, cancelRequested };
  }

  #find(name: number): Entry | undefined {
    return this.#jobs.find((job) => job.name === name);
  }

  #held(name: number, token: number): Entry | undefined {
    return this.#jobs.find((job) => job.name === name && job.state === 'active' && job.token === token);
  }

  #stall(job: Entry, now: number): void {
    job.stalls += 1;
    // Half of the jitter of the default backoff, which the test fixes.
    if (job.stalls > this.#maxStalls) this.#failed(job, 500 * 2 ** (job.attempts - 1), now);
    else {
      job.attempts -= 1;
      job.state = job.cancelRequested ? 'cancelled' : 'waiting';
    }
  }

  #failed(job: Entry, waitMs: number | 'never', now: number): JobState {
    if (job.cancelRequested) return (job.state = 'cancelled');
    if (waitMs === 'never' || job.attempts === job.maxAttempts) return (job.state = 'dead');
    job.runAt = now + waitMs;
    return (job.state = 'waiting');
  }
}
