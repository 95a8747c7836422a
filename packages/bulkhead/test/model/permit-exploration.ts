import { getEventListeners } from 'node:events';

import { Bulkhead, type Permit } from '@holdfast/bulkhead';
import { isHoldfastError } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';

import { type PermitTerms, ReferencePermits } from './reference-permits.ts';

/** What can happen next. A pick counts those whom it can happen to, the oldest first. */
export type Step =
  | { readonly do: 'acquire'; readonly deadlineMs: number }
  | { readonly do: 'release' | 'abort'; readonly pick: number }
  | { readonly do: 'resize'; readonly limit: number }
  | { readonly do: 'tryAcquire' | 'tick' | 'turn' | 'close' };

/**
 * A bulkhead and the reference in one run. No step waits, so that between two of them not even a promise settles. Whoever
 * takes a turn awaits one promise before; here it would be two of them.
 */
export class PermitExploration {
  readonly clock: ManualClock = new ManualClock();
  readonly bulkhead: Bulkhead;
  readonly #reference: ReferencePermits;
  readonly #signals: AbortController[] = [];
  readonly #permits = new Map<number, Permit>();
  readonly #outcomes = new Map<number, string>();
  #closings = 0;
  #closed = 0;

  constructor(terms: PermitTerms) {
    this.bulkhead = new Bulkhead({ ...terms, discipline: 'fifo', clock: this.clock });
    this.#reference = new ReferencePermits(terms);
  }

  get actual(): object {
    const { running, queued, limit, calls } = this.bulkhead.statistics();
    const { admitted, aborted, rejectedFull, rejectedTimeout, rejectedClosed } = calls;
    return { running, queued, limit, admitted, aborted, rejectedFull, rejectedTimeout, rejectedClosed };
  }

  get expected(): object {
    const { running, queued, limit, counts } = this.#reference;
    return { running, queued, limit, ...counts };
  }

  /** Takes a step. @returns `false` if it can happen to nobody now. */
  take(step: Step): boolean {
    switch (step.do) {
      case 'acquire':
        return this.#acquire(step.deadlineMs);
      case 'tryAcquire':
        return this.#tryAcquire();
      case 'release':
        return this.#release(step.pick);
      case 'abort':
        return this.#abort(step.pick);
      case 'resize':
        return this.#resize(step.limit);
      case 'tick':
        return this.#tick();
      case 'close':
        return this.#close();
      case 'turn':
        return this.#turn();
    }
  }

  /** Lets everything settle, gives every permit back, and says what the two sides have come to, and what is left. */
  async end(): Promise<readonly [actual: object, expected: object]> {
    await this.#settle();
    while (this.#release(0)) await this.#settle();
    const outcomes = this.#reference.askers.map(({ outcome }, id) => [id, outcome] as const);
    const left = this.#signals.map(({ signal }) => getEventListeners(signal, 'abort').length);
    return [
      {
        ...this.actual,
        outcomes: [...this.#outcomes].toSorted(([one], [other]) => one - other),
        closed: this.#closed,
        timers: this.clock.pending(),
        listeners: left.filter((count) => count > 0),
      },
      { ...this.expected, running: 0, queued: 0, outcomes, closed: this.#closings, timers: 0, listeners: [] },
    ];
  }

  #acquire(deadlineMs: number): boolean {
    const id = this.#signals.push(new AbortController()) - 1;
    this.bulkhead.acquire({ signal: this.#signals[id]!.signal, deadlineMs }).then(
      (permit) => this.#gets(id, permit),
      (error: unknown) => this.#outcomes.set(id, outcomeOf(error)),
    );
    this.#reference.acquire(deadlineMs);
    return true;
  }

  #tryAcquire(): boolean {
    const permit = this.bulkhead.tryAcquire();
    if (this.#reference.tryAcquire() !== (permit !== undefined)) throw new Error('tryAcquire() differs');
    if (permit !== undefined) this.#gets(this.#signals.push(new AbortController()) - 1, permit);
    return true;
  }

  #gets(id: number, permit: Permit): void {
    this.#permits.set(id, permit);
    this.#outcomes.set(id, 'permit');
  }

  #release(pick: number): boolean {
    const id = [...this.#permits.keys()].toSorted((one, other) => one - other)[pick];
    if (id === undefined) return false;
    // Twice, because the second time must do nothing.
    this.#permits.get(id)?.release();
    this.#permits.get(id)?.release();
    this.#permits.delete(id);
    this.#reference.release(id);
    return true;
  }

  #abort(pick: number): boolean {
    const id = this.#reference.idsOf('waiting', 'handed')[pick];
    if (id === undefined || this.#signals[id]!.signal.aborted) return false;
    this.#signals[id]!.abort('aborted');
    this.#reference.abort(id);
    return true;
  }

  #resize(limit: number): boolean {
    if (this.#reference.limit === limit) return false;
    this.bulkhead.resize(limit);
    this.#reference.resize(limit);
    return true;
  }

  #tick(): boolean {
    this.clock.advanceSync(1);
    this.#reference.tick();
    return true;
  }

  #close(): boolean {
    if (this.#reference.closed) return false;
    this.#closings += 1;
    this.bulkhead[Symbol.asyncDispose]().then(
      () => (this.#closed += 1),
      () => {},
    );
    this.#reference.close();
    return true;
  }

  #turn(): boolean {
    this.#reference.turn();
    return true;
  }

  async #settle(): Promise<void> {
    await settle();
    while (this.#reference.idsOf('handed').length > 0) this.#reference.turn();
  }
}

function outcomeOf(error: unknown): string {
  if (isHoldfastError(error, 'ERR_DEADLINE_EXCEEDED')) return 'deadline';
  return error instanceof Error && 'reason' in error ? String(error.reason) : String(error);
}
