import { DeadlineExceededError, type EventHub, type Execution, type Operation } from '@holdfast/core';

import { AutoLimit } from './auto-limit.ts';
import { Backlog } from './backlog.ts';
import { Congestion } from './congestion.ts';
import { BulkheadFullError, ShedError } from './errors.ts';
import type { BulkheadEvent, RejectedReason } from './events.ts';
import { type ResolvedBulkheadOptions, resolveLimit, resolveWeight } from './options.ts';
import type { PermitOutcome, SlotSource } from './permit.ts';
import { type BulkheadStatistics, noCalls } from './statistics.ts';
import { type WaitingRoom, WaitLimit } from './wait-limit.ts';
import { type Start, Waiter } from './waiter.ts';

/** Whom the events go to. */
export type BulkheadHub = Pick<EventHub<BulkheadEvent>, 'observed' | 'emit'>;

/**
 * The slots of a bulkhead, and who waits for one. Invariants, true whenever no method is on the stack:
 * - nobody is admitted while `running >= limit`, and `queued <= maxQueued`;
 * - somebody waits only while every slot is taken: a freed slot goes to a waiter directly, so that no newcomer takes it;
 * - every call that came is admitted, refused, aborted or queued, and counted once.
 */
export class Slots implements SlotSource {
  /** Operations running whose callers have left. */
  abandoned = 0;
  readonly #options: ResolvedBulkheadOptions;
  readonly #hub: BulkheadHub;
  readonly #backlog: Backlog;
  readonly #congestion: Congestion | undefined;
  readonly #waitLimit: WaitLimit | undefined;
  readonly #calls = noCalls();
  readonly #onReleased: (() => void) | undefined;
  #auto: AutoLimit | undefined;
  #limit: number;
  #running = 0;
  /** Present once closed; resolves when nothing runs any more. */
  #closing: PromiseWithResolvers<void> | undefined;

  /** @param onReleased - Called when a slot was given back, before a waiter gets it; may change the limit. */
  constructor(options: ResolvedBulkheadOptions, hub: BulkheadHub, onReleased?: () => void) {
    const { clock, discipline, limit, maxWaitMs, minShareRatio, tenantWeight } = options;
    this.#options = options;
    this.#hub = hub;
    this.#onReleased = onReleased;
    this.#backlog = new Backlog(minShareRatio, (tenant) => resolveWeight(tenantWeight(tenant)));
    if (discipline === 'codel') this.#congestion = new Congestion(options.targetWaitMs, options.shedAfterMs);
    if (maxWaitMs !== Infinity) this.#waitLimit = new WaitLimit(maxWaitMs, clock, this.#waitingRoom());
    this.#auto = typeof limit === 'number' ? undefined : new AutoLimit(limit, clock.now());
    this.#limit = this.#auto?.limit ?? (limit as number);
  }

  get limit(): number {
    return this.#limit;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#backlog.size;
  }

  /** Whether it matters how long an operation runs and how it ends. */
  get measured(): boolean {
    return this.#auto !== undefined;
  }

  /** Takes a slot if one is free. */
  take(): boolean {
    if (this.#running >= this.#limit || this.#closing !== undefined) return false;
    this.#running += 1;
    this.#calls.admitted += 1;
    return true;
  }

  /** An operation begins in a slot that is taken. Gives the time, if it matters. */
  started(): number {
    if (this.#auto === undefined) return 0;
    this.#auto.started(this.#running);
    return this.#options.clock.now();
  }

  /** Gives a slot back: to who is next, if somebody waits. */
  release(startedAt: number = 0, outcome: PermitOutcome = 'ignored'): void {
    this.#running -= 1;
    if (this.#auto !== undefined && outcome !== 'ignored') this.#learn(this.#auto, startedAt, outcome);
    this.#onReleased?.();
    this.#admitWaiters();
    if (this.#running === 0) this.#closing?.resolve();
  }

  /** @throws What refuses the call: the queue is full, or there will be no slots any more. */
  enqueue(execution: Execution, operation?: Operation<unknown>, start?: Start): Waiter {
    const { name, clock, maxQueued } = this.#options;
    const isTimed = maxQueued > 0 && (this.#congestion !== undefined || this.#waitLimit !== undefined);
    const now = isTimed ? clock.now() : 0;
    this.#shed(now);
    // Not before, because a listener that was told of somebody shed may have closed it.
    if (this.#closing !== undefined) throw this.refusal('closed');
    if (this.#backlog.size >= maxQueued) throw this.refusal('full');
    const waiter = new Waiter(execution, now, operation, start);
    this.#backlog.push(waiter);
    this.#calls.queued += 1;
    this.#waitLimit?.start();
    this.#watch(waiter);
    // A listener that was told of somebody shed may have raised the limit.
    this.#admitWaiters();
    // Last, because a listener may cancel the call.
    if (this.#hub.observed) this.#hub.emit({ type: 'queued', policy: name, queued: this.#backlog.size });
    return waiter;
  }

  /** The slot of one who waited for a permit. @throws What ended the call between being handed the slot and now. */
  takeUp(execution: Execution): void {
    const { cancellation } = execution;
    const isCancelled = cancellation?.cancelled === true;
    if (!isCancelled && execution.remainingMs() > 0) {
      this.#calls.admitted += 1;
      return;
    }
    this.release();
    if (!isCancelled) throw this.refusal('deadline');
    this.#calls.aborted += 1;
    throw cancellation.reason;
  }

  /** Counts a caller who gets no slot, and makes its error. */
  refusal(reason: RejectedReason): BulkheadFullError | DeadlineExceededError | ShedError {
    const { name, shedAfterMs } = this.#options;
    if (reason === 'full') this.#calls.rejectedFull += 1;
    else if (reason === 'closed') this.#calls.rejectedClosed += 1;
    else if (reason === 'shed') this.#calls.shed += 1;
    else this.#calls.rejectedTimeout += 1;
    if (this.#hub.observed) this.#hub.emit({ type: 'rejected', policy: name, reason });
    if (reason === 'deadline') return new DeadlineExceededError(name);
    if (reason === 'shed') return new ShedError(name, shedAfterMs);
    return new BulkheadFullError(name, reason, reason === 'closed' ? undefined : shedAfterMs);
  }

  resize(limit: number): void {
    resolveLimit(limit);
    this.#auto = undefined;
    this.#announceLimit(limit);
  }

  /** Changes the limit, which may be 0, and tells nobody. */
  setLimit(limit: number): void {
    this.#limit = limit;
    this.#admitWaiters();
  }

  /** Refuses the last of those who wait until no more than so many do. */
  trim(maxQueued: number): void {
    for (let { newest } = this.#backlog; newest !== undefined; { newest } = this.#backlog) {
      if (this.#backlog.size <= maxQueued) return;
      this.#drop(newest, 'full');
    }
  }

  statistics(): BulkheadStatistics {
    return {
      component: 'bulkhead',
      running: this.#running,
      queued: this.#backlog.size,
      limit: this.#limit,
      queueLimit: this.#options.maxQueued,
      abandoned: this.abandoned,
      tenants: this.#backlog.tenants,
      calls: { ...this.#calls },
    };
  }

  /** Refuses those who wait and all who come from now on; resolves when nothing runs any more. */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.promise;
    const closing = (this.#closing = Promise.withResolvers<void>());
    if (this.#hub.observed) this.#hub.emit({ type: 'closed', policy: this.#options.name });
    for (let { oldest } = this.#backlog; oldest !== undefined; { oldest } = this.#backlog)
      this.#drop(oldest, 'closed');
    if (this.#running === 0) closing.resolve();
    return closing.promise;
  }

  #waitingRoom(): WaitingRoom {
    const backlog = this.#backlog;
    return {
      get oldest() {
        return backlog.oldest;
      },
      // Where both come due at once, the deadline is the caller's own.
      expire: (waiter) =>
        this.#drop(waiter, waiter.execution.remainingMs() > 0 ? 'waited-too-long' : 'deadline'),
    };
  }

  #learn(auto: AutoLimit, startedAt: number, outcome: 'success' | 'overload'): void {
    const now = this.#options.clock.now();
    if (outcome === 'success') auto.succeeded(now - startedAt, now, this.#running);
    else auto.overloaded(now, this.#running);
    if (auto.limit !== this.#limit) this.#announceLimit(auto.limit);
  }

  #announceLimit(limit: number): void {
    const previousLimit = this.#limit;
    this.#limit = limit;
    if (this.#hub.observed)
      this.#hub.emit({ type: 'resized', policy: this.#options.name, limit, previousLimit });
    this.#admitWaiters();
  }

  #admitWaiters(): void {
    while (this.#running < this.#limit && this.#closing === undefined) {
      const order = this.#congestion?.standing === true ? 'newest-first' : 'oldest-first';
      const waiter = this.#backlog.take(order);
      if (waiter === undefined) return;
      this.#left();
      // An abort may give back the slot before it tells those who wait for it.
      const { cancellation } = waiter.execution;
      if (cancellation?.cancelled === true) {
        this.#abort(waiter, cancellation.reason);
        continue;
      }
      // A process that was too busy to notice may hand a slot to somebody whose time is up.
      if (waiter.execution.remainingMs() === 0) {
        waiter.refuse(this.refusal('deadline'));
        continue;
      }
      this.#running += 1;
      // Who wants a permit may still leave before it takes the slot up.
      if (waiter.operation !== undefined) this.#calls.admitted += 1;
      waiter.admit();
    }
  }

  /** Has the wait end with the deadline of the call, or when it is cancelled. */
  #watch(waiter: Waiter): void {
    const { clock, maxWaitMs } = this.#options;
    const { cancellation, deadlineAt } = waiter.execution;
    if (deadlineAt !== Infinity) {
      const remainingMs = waiter.execution.remainingMs();
      if (remainingMs <= maxWaitMs)
        waiter.cancelTimer = clock.schedule(() => this.#drop(waiter, 'deadline'), remainingMs);
    }
    const leave = (reason: unknown): void => {
      this.#remove(waiter);
      this.#abort(waiter, reason);
    };
    waiter.stopListening = cancellation?.onCancel(leave);
    // A listener that was told of somebody shed may have cancelled the call, before anything here listened.
    if (cancellation?.cancelled === true) leave(cancellation.reason);
  }

  /** Ends the wait of one who is no longer in the queue and wants no slot any more. */
  #abort(waiter: Waiter, reason: unknown): void {
    this.#calls.aborted += 1;
    waiter.refuse(reason);
  }

  /** Makes room in a queue that stands: whoever has waited too long gives way to the caller that comes now. */
  #shed(now: number): void {
    const congestion = this.#congestion;
    const { shedAfterMs } = this.#options;
    for (let { oldest } = this.#backlog; oldest !== undefined; { oldest } = this.#backlog) {
      congestion?.observe(oldest.queuedAt, now);
      if (congestion?.standing !== true || now - oldest.queuedAt <= shedAfterMs) return;
      this.#drop(oldest, 'shed');
    }
  }

  #drop(waiter: Waiter, reason: RejectedReason): void {
    this.#remove(waiter);
    waiter.refuse(this.refusal(reason));
  }

  #remove(waiter: Waiter): void {
    this.#backlog.remove(waiter);
    this.#left();
  }

  /** Somebody waits no more. */
  #left(): void {
    if (this.#backlog.size > 0) return;
    this.#congestion?.clear();
    this.#waitLimit?.stop();
  }
}
