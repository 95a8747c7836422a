export interface ReferenceCall {
  readonly id: number;
  readonly arrivedAt: number;
  readonly deadlineAt: number;
}

export interface ReferenceOptions {
  readonly limit: number;
  readonly maxQueued: number;
  readonly maxWaitMs: number;
}

/** The obvious bulkhead: arrays that are searched and rebuilt at each step, and a look at every waiter at each tick. */
export class ReferenceBulkhead {
  readonly started: number[] = [];
  /** How each call that is over ended for its caller, by its number. */
  readonly ended = new Map<number, string>();
  running: number[] = [];
  waiting: readonly ReferenceCall[] = [];
  closed = false;
  #now = 0;
  #limit: number;
  readonly #options: ReferenceOptions;

  constructor(options: ReferenceOptions) {
    this.#options = options;
    this.#limit = options.limit;
  }

  arrive(id: number, deadlineMs: number): void {
    const call = { id, arrivedAt: this.#now, deadlineAt: this.#now + deadlineMs };
    if (deadlineMs === 0) this.ended.set(id, 'deadline');
    else if (this.closed) this.ended.set(id, 'closed');
    else if (this.running.length < this.#limit) this.#start(call);
    else if (this.waiting.length >= this.#options.maxQueued) this.ended.set(id, 'full');
    else this.waiting = [...this.waiting, call];
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
    this.waiting = this.waiting.filter((call) => call.id !== id);
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    while (this.#now < until) {
      this.#now += 1;
      for (const { id, arrivedAt, deadlineAt } of this.waiting) {
        if (this.#now >= deadlineAt) this.ended.set(id, 'deadline');
        else if (this.#now >= arrivedAt + this.#options.maxWaitMs) this.ended.set(id, 'waited-too-long');
      }
      this.waiting = this.waiting.filter(({ id }) => !this.ended.has(id));
    }
  }

  resize(limit: number): void {
    this.#limit = limit;
    this.#fill();
  }

  close(): void {
    this.closed = true;
    for (const { id } of this.waiting) this.ended.set(id, 'closed');
    this.waiting = [];
  }

  #fill(): void {
    const room = Math.max(0, this.#limit - this.running.length);
    this.waiting.slice(0, room).forEach((call) => this.#start(call));
    this.waiting = this.waiting.slice(room);
  }

  #start({ id }: ReferenceCall): void {
    this.running.push(id);
    this.started.push(id);
  }
}
