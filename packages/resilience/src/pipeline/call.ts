import { cancellationOf, type ExecuteOptions, Execution, type Operation } from '@holdfast/core';

import { detached, inheritedMs } from '../context/current-execution.ts';
import { discard } from '../discard.ts';
import type { Repetition } from '../retry/repetition.ts';
import { Attempt } from './attempt.ts';
import { CallBounds } from './call-bounds.ts';
import type { DedupePart, HedgePart, PipelineParts } from './slots.ts';

/** What the calls of one pipeline have in common. */
export interface PipelineLedger<Fallen> {
  readonly parts: PipelineParts<Fallen>;
  readonly calls: { success: number; failure: number; fallback: number; cancelled: number };
  /** For the one execution that callers with the same key share: only they are counted, bounded and answered by the fallback. */
  readonly shared: PipelineLedger<never> | undefined;
}

/**
 * One call of a pipeline: its attempts, what lets its caller go before they are over, the fallback, and the one outcome.
 * A value that comes after the outcome is discarded; an error is dropped.
 */
export class Call<T, Fallen> {
  readonly #ledger: PipelineLedger<Fallen>;
  readonly #operation: Operation<T>;
  readonly #resolve: (value: T | Fallen) => void;
  readonly #reject: (error: unknown) => void;
  readonly #bounds: CallBounds | undefined;
  readonly #options: ExecuteOptions | undefined;
  #repetition: Repetition | undefined;
  #settled = false;
  #degraded = false;

  constructor(
    ledger: PipelineLedger<Fallen>,
    operation: Operation<T>,
    options: ExecuteOptions | undefined,
    resolve: (value: T | Fallen) => void,
    reject: (error: unknown) => void,
  ) {
    this.#ledger = ledger;
    this.#operation = operation;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#bounds = boundsOf(ledger.parts, options);
    this.#options = this.#bounds?.execution ?? options;
  }

  /** Whether it was answered by the fallback. */
  get degraded(): boolean {
    return this.#degraded;
  }

  start(): void {
    if (this.#bounds?.exceeded === true) return this.#leave();
    this.#bounds?.onExceeded(() => this.#leave());
    try {
      this.#begin();
    } catch (refusal) {
      this.#fail(refusal);
    }
  }

  /** An attempt has succeeded. */
  resolve(value: T): void {
    if (this.#repetition?.judgesValues === true) return this.#repeat({ status: 'fulfilled', value });
    this.#repetition?.succeeded();
    this.#succeed(value);
  }

  /** An attempt has failed. */
  reject(thrown: unknown): void {
    if (this.#repetition === undefined) return this.#fail(thrown);
    this.#repeat({ status: 'rejected', reason: thrown });
  }

  #repeat(outcome: PromiseSettledResult<T>): void {
    this.#repetition?.next(outcome).then(
      (goesOn) => this.#goOn(goesOn, outcome),
      (thrown: unknown) => this.#fail(thrown),
    );
  }

  #goOn(goesOn: boolean, outcome: PromiseSettledResult<T>): void {
    if (goesOn) this.#attempt();
    else if (outcome.status === 'fulfilled') this.#succeed(outcome.value);
    else this.#fail(outcome.reason);
  }

  #begin(): void {
    const { parts, shared } = this.#ledger;
    const { dedupe, retry } = parts;
    const key = this.#options?.key;
    if (dedupe !== undefined && shared !== undefined && key !== undefined)
      return this.#share(dedupe, shared, key);
    this.#repetition = retry?.begin(this.#options);
    this.#attempt();
  }

  #attempt(): void {
    const { parts } = this.#ledger;
    const attempt = this.#repetition?.attempt;
    if (parts.hedge !== undefined) return this.#hedge(parts.hedge, attempt);
    new Attempt(parts, this.#operation, this.#options, attempt, this).start();
  }

  #hedge(hedge: HedgePart, attempt: number | undefined): void {
    const { parts } = this.#ledger;
    const options = new Execution(this.#options, parts.clock, { attempt });
    const execute = (execution: ExecuteOptions): Promise<T> =>
      new Promise((resolve, reject) => {
        new Attempt(parts, this.#operation, execution, undefined, { resolve, reject }).start();
      });
    hedge
      .execute((context) => execute(Execution.within(context, options)), options)
      .then(
        (value) => this.resolve(value),
        (error: unknown) => this.reject(error),
      );
  }

  #share(dedupe: DedupePart, shared: PipelineLedger<never>, key: string): void {
    const options = this.#options;
    const execute = (flight: ExecuteOptions): Promise<T> =>
      new Promise((resolve, reject) => {
        new Call<T, never>(shared, this.#operation, flight, resolve, reject).start();
      });
    dedupe
      // What callers share goes on while any of them waits, whatever the deadline of the first one.
      .run(key, (flight) => detached(() => execute(Execution.within(flight, options))), options)
      .then(
        (value) => this.#succeedTogether(value),
        (error: unknown) => this.#fail(error),
      );
  }

  /** Others have the same value: it is theirs also if this caller was let go. */
  #succeedTogether(value: T): void {
    if (!this.#settled) this.#succeed(value);
  }

  #succeed(value: T): void {
    if (this.#settled) return discard(this.#ledger.parts.onDiscard, value);
    this.#settle('success');
    this.#resolve(value);
  }

  /** The last attempt has failed. */
  #fail(thrown: unknown): void {
    this.#bounds?.notice(thrown);
    // It may have let the caller go.
    if (!this.#settled) this.#fallBack(thrown);
  }

  #fallBack(thrown: unknown): void {
    const { clock, fallback } = this.#ledger.parts;
    if (fallback === undefined) return this.#throw(thrown);
    const context = this.#bounds?.execution ?? new Execution(this.#options, clock);
    fallback.answer(thrown, context).then(
      (value) => this.#answer(value),
      (outcome: unknown) => this.#throw(outcome),
    );
  }

  #answer(value: Fallen): void {
    if (this.#settled) return;
    this.#settle('fallback');
    this.#degraded = true;
    this.#resolve(value);
  }

  #throw(outcome: unknown): void {
    if (this.#settled) return;
    this.#settle('failure');
    this.#reject(outcome);
  }

  /** The caller is let go. */
  #leave(): void {
    if (this.#settled) return;
    this.#settle(this.#bounds?.callerLeft === true ? 'cancelled' : 'failure');
    this.#reject(this.#bounds?.reason);
  }

  #settle(outcome: keyof PipelineLedger<Fallen>['calls']): void {
    this.#settled = true;
    this.#ledger.calls[outcome] += 1;
    this.#bounds?.end();
  }
}

/** A call that nothing can end early pays nothing for it. */
function boundsOf(
  { name, clock, deadlineMs }: PipelineParts<unknown>,
  options: ExecuteOptions | undefined,
): CallBounds | undefined {
  const limitMs = Math.min(deadlineMs, inheritedMs());
  const isUnbounded =
    limitMs === Infinity &&
    (options === undefined ||
      ((options.deadlineMs ?? Infinity) === Infinity && cancellationOf(options) === undefined));
  return isUnbounded ? undefined : new CallBounds(name, clock, options, limitMs);
}
