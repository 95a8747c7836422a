export interface PermitTerms {
  readonly limit: number;
  readonly maxQueued: number;
  readonly maxWaitMs: number;
}

/** Somebody who asked for a permit. Who was handed a slot takes it up in a later turn, and may have left by then. */
interface Asker {
  readonly deadlineAt: number;
  readonly waitsUntil: number;
  aborted: boolean;
  state: 'waiting' | 'handed' | 'holding' | 'over';
  outcome: string;
}

/** The obvious bulkhead for those who ask for permits: one list of everybody, looked through at each step. */
export class ReferencePermits {
  readonly askers: Asker[] = [];
  limit: number;
  closed = false;
  #now = 0;
  readonly #terms: PermitTerms;

  constructor(terms: PermitTerms) {
    this.#terms = terms;
    this.limit = terms.limit;
  }

  get running(): number {
    return this.idsOf('handed', 'holding').length;
  }

  get queued(): number {
    return this.idsOf('waiting').length;
  }

  /** How those ended whom the bulkhead has told by now. */
  get counts(): Readonly<Record<string, number>> {
    const count = (...outcomes: readonly string[]): number =>
      this.askers.filter(({ outcome }) => outcomes.includes(outcome)).length;
    return {
      admitted: count('permit'),
      aborted: count('aborted'),
      rejectedFull: count('full'),
      rejectedTimeout: count('waited-too-long', 'deadline'),
      rejectedClosed: count('closed'),
    };
  }

  idsOf(...states: readonly Asker['state'][]): readonly number[] {
    return [...this.askers.keys()].filter((id) => states.includes(this.askers[id]!.state));
  }

  acquire(deadlineMs: number): void {
    const { maxQueued, maxWaitMs } = this.#terms;
    const asker: Asker = {
      deadlineAt: this.#now + deadlineMs,
      waitsUntil: this.#now + maxWaitMs,
      aborted: false,
      state: 'waiting',
      outcome: '',
    };
    const isFull = this.queued >= maxQueued;
    this.askers.push(asker);
    if (this.closed) end(asker, 'closed');
    else if (this.running < this.limit) hold(asker);
    else if (isFull) end(asker, 'full');
  }

  /** @returns Whether there is a permit. */
  tryAcquire(): boolean {
    if (this.closed || this.running >= this.limit) return false;
    this.acquire(Infinity);
    return true;
  }

  release(id: number): void {
    this.askers[id]!.state = 'over';
    this.#hand();
  }

  abort(id: number): void {
    const asker = this.askers[id]!;
    asker.aborted = true;
    if (asker.state === 'waiting') end(asker, 'aborted');
  }

  resize(limit: number): void {
    this.limit = limit;
    this.#hand();
  }

  close(): void {
    this.closed = true;
    for (const id of this.idsOf('waiting')) end(this.askers[id]!, 'closed');
  }

  tick(): void {
    this.#now += 1;
    for (const id of this.idsOf('waiting')) {
      const asker = this.askers[id]!;
      if (this.#now >= asker.deadlineAt) end(asker, 'deadline');
      else if (this.#now >= asker.waitsUntil) end(asker, 'waited-too-long');
    }
  }

  /** Those who were handed a slot before it take it up, one after the other. */
  turn(): void {
    for (const id of this.idsOf('handed')) {
      const asker = this.askers[id]!;
      if (!asker.aborted && this.#now < asker.deadlineAt) {
        hold(asker);
        continue;
      }
      end(asker, asker.aborted ? 'aborted' : 'deadline');
      this.#hand();
    }
  }

  #hand(): void {
    for (const id of this.idsOf('waiting')) if (this.running < this.limit) this.askers[id]!.state = 'handed';
  }
}

function hold(asker: Asker): void {
  asker.state = 'holding';
  asker.outcome = 'permit';
}

function end(asker: Asker, outcome: string): void {
  asker.state = 'over';
  asker.outcome = outcome;
}
