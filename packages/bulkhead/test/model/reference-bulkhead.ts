import { ReferenceQueue, type Waiting } from './reference-queue.ts';

export interface ReferenceOptions {
  readonly limit: number;
  readonly maxQueued: number;
  readonly maxWaitMs: number;
  readonly discipline: 'codel' | 'fifo';
  readonly targetWaitMs: number;
  readonly shedAfterMs: number;
  readonly minShareRatio: number;
}

/** Who comes, and how long it may take; of which criticality, 0 the highest; and for whom. */
export interface ReferenceCall {
  readonly deadlineMs: number;
  readonly rank: number;
  readonly tenant: string;
}

/** The obvious bulkhead: arrays that are searched and rebuilt at each step, and a look at every waiter at each tick. */
export class ReferenceBulkhead {
  readonly started: number[] = [];
  /** How each call that is over ended for its caller, by its number. */
  readonly ended = new Map<number, string>();
  running: number[] = [];
  closed = false;
  limit: number;
  #now = 0;
  /** What those who came to wait found: when, and how long the oldest had waited; since the queue was empty. */
  #found: { readonly at: number; readonly age: number }[] = [];
  readonly #queue: ReferenceQueue;
  readonly #options: ReferenceOptions;

  constructor(options: ReferenceOptions) {
    this.#options = options;
    this.limit = options.limit;
    this.#queue = new ReferenceQueue(options.minShareRatio);
  }

  get waiting(): readonly Waiting[] {
    return this.#queue.waiting;
  }

  arrive(id: number, { deadlineMs, rank, tenant }: ReferenceCall): void {
    const call = { id, arrivedAt: this.#now, deadlineAt: this.#now + deadlineMs, rank, tenant };
    if (deadlineMs === 0) this.ended.set(id, 'deadline');
    else if (this.closed) this.ended.set(id, 'closed');
    else if (this.running.length < this.limit) this.#start(call);
    else this.#wait(call);
  }

  finish(id: number): void {
    if (!this.running.includes(id)) return;
    this.running = this.running.filter((other) => other !== id);
    if (!this.ended.has(id)) this.ended.set(id, 'ok');
    this.#fill();
  }

  abort(id: number): void {
    if (this.ended.has(id)) return;
    this.ended.set(id, 'aborted');
    this.#forget();
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    while (this.#now < until) {
      this.#now += 1;
      for (const { id, arrivedAt, deadlineAt } of this.waiting) {
        if (this.#now >= deadlineAt) this.ended.set(id, 'deadline');
        else if (this.#now >= arrivedAt + this.#options.maxWaitMs) this.ended.set(id, 'waited-too-long');
      }
      this.#forget();
    }
  }

  resize(limit: number): void {
    this.limit = limit;
    this.#fill();
  }

  close(): void {
    this.closed = true;
    for (const { id } of this.waiting) this.ended.set(id, 'closed');
    this.#forget();
  }

  #wait(call: Waiting): void {
    for (let [oldest] = this.waiting; oldest !== undefined; [oldest] = this.waiting) {
      const age = this.#now - oldest.arrivedAt;
      this.#found.push({ at: this.#now, age });
      if (!this.#isStanding() || age <= this.#options.shedAfterMs) break;
      this.ended.set(oldest.id, 'shed');
      this.#forget();
    }
    if (this.waiting.length >= this.#options.maxQueued) this.ended.set(call.id, 'full');
    else this.#queue.push(call);
  }

  /** Whether everybody who came within an interval found the oldest over the target. */
  #isStanding(): boolean {
    const { discipline, targetWaitMs, shedAfterMs } = this.#options;
    if (discipline === 'fifo') return false;
    const last = this.#found.findLastIndex(({ age }) => age <= targetWaitMs);
    const [first, ...others] = this.#found.slice(last + 1);
    return first !== undefined && others.some(({ at }) => at - first.at >= shedAfterMs);
  }

  /** Nobody waits any more whose call is over. */
  #forget(): void {
    this.#queue.keep(({ id }) => !this.ended.has(id));
    if (this.waiting.length === 0) this.#found = [];
  }

  #fill(): void {
    while (this.running.length < this.limit && this.waiting.length > 0) {
      this.#start(this.#queue.take(this.#isStanding() ? 'newest' : 'oldest'));
      if (this.waiting.length === 0) this.#found = [];
    }
  }

  #start({ id }: Waiting): void {
    this.running.push(id);
    this.started.push(id);
  }
}
