import { type Cancel, CancellationSource, type EventHub, Execution, type Operation } from '@holdfast/core';

import { discard } from '../discard.ts';
import type { HedgeEvent } from './events.ts';
import type { HedgeBudget } from './hedge-budget.ts';
import type { MovingQuantile } from './moving-quantile.ts';
import type { ResolvedHedgeOptions } from './options.ts';

/** What the calls of one hedge have in common. */
export interface HedgeLedger {
  readonly options: ResolvedHedgeOptions;
  readonly hub: EventHub<HedgeEvent>;
  readonly budget: HedgeBudget;
  /** Of successful executions, in milliseconds; absent where the delay is fixed. */
  readonly durations: MovingQuantile | undefined;
  readonly calls: { byFirst: number; byHedge: number; failed: number };
  readonly hedges: { started: number; suppressed: number };
}

/** An execution that runs. */
interface Run {
  readonly number: number;
  readonly startedAt: number;
  readonly source: CancellationSource;
}

/** The executions of one call. */
export class HedgedCall<T> {
  readonly #ledger: HedgeLedger;
  readonly #operation: Operation<T>;
  readonly #call: Execution;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #running = new Set<Run>();
  #started = 0;
  #isOver = false;
  #cancelTimer: Cancel | undefined;
  #stopListening: Cancel | undefined;
  /** How the call ends if no execution brings an answer: with an error, or with a value that is none. */
  #failure: PromiseSettledResult<T> | undefined;

  constructor(
    ledger: HedgeLedger,
    operation: Operation<T>,
    call: Execution,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    this.#ledger = ledger;
    this.#operation = operation;
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    this.#stopListening = this.#call.cancellation?.onCancel((reason) => {
      this.#end(reason);
      this.#discard(this.#failure);
      this.#reject(reason);
    });
    this.#run();
  }

  #run(): void {
    const { clock } = this.#ledger.options;
    const number = this.#started;
    const source = new CancellationSource(this.#call.cancellation);
    const run: Run = { number, startedAt: clock.now(), source };
    this.#started += 1;
    this.#running.add(run);
    const attempt = this.#call.attempt + number;
    new Execution(this.#call, clock, { cancellation: source, attempt }).start(this.#operation).then(
      (value) => this.#succeed(run, value),
      (reason: unknown) => this.#fail(run, { status: 'rejected', reason }),
    );
    this.#awaitNext();
  }

  /** Sets the time at which the next execution starts, if the ones that run have not answered by then. */
  #awaitNext(): void {
    const { options, durations } = this.#ledger;
    const delayMs = durations?.estimate ?? (options.delay as number);
    if (this.#isOver || this.#started > options.maxHedges || delayMs === Infinity) return;
    this.#cancelTimer = options.clock.schedule(() => this.#hedge('slow'), delayMs);
  }

  /** Starts another execution if there may be one. */
  #hedge(reason: 'slow' | 'failed'): boolean {
    const { options, hub, budget, hedges } = this.#ledger;
    const { name: policy, maxHedges } = options;
    this.#cancelTimer?.();
    if (this.#started > maxHedges || this.#call.remainingMs() === 0) return false;
    if (!budget.trySpend()) {
      hedges.suppressed += 1;
      if (hub.observed) hub.emit({ type: 'budget-exhausted', policy });
      return false;
    }
    hedges.started += 1;
    const hedge = this.#started;
    this.#run();
    // Last: a listener may end the call, and nothing starts after that.
    if (hub.observed) hub.emit({ type: 'hedged', policy, hedge, reason });
    return true;
  }

  #succeed(run: Run, value: T): void {
    const { options } = this.#ledger;
    if (this.#isOver) return this.#discard({ status: 'fulfilled', value });
    try {
      if (!options.isAcceptable(value)) return this.#fail(run, { status: 'fulfilled', value });
    } catch (reason) {
      this.#discard({ status: 'fulfilled', value });
      return this.#fail(run, { status: 'rejected', reason });
    }
    this.#answer(run, value);
  }

  #answer(run: Run, value: T): void {
    const { options, budget, durations, calls } = this.#ledger;
    // Who judged the value may have ended the call.
    if (this.#isOver) return this.#discard({ status: 'fulfilled', value });
    this.#remove(run);
    budget.earn();
    durations?.add(options.clock.now() - run.startedAt);
    calls[run.number === 0 ? 'byFirst' : 'byHedge'] += 1;
    this.#end(this.#running.size === 0 ? undefined : new DOMException('another was faster', 'AbortError'));
    this.#discard(this.#failure);
    this.#resolve(value);
  }

  #fail(run: Run, failure: PromiseSettledResult<T>): void {
    if (this.#isOver) return this.#discard(failure);
    this.#remove(run);
    this.#keep(failure);
    if (this.#hedge('failed') || this.#running.size > 0) return;
    this.#ledger.calls.failed += 1;
    this.#end(undefined);
    if (this.#failure?.status === 'fulfilled') this.#resolve(this.#failure.value);
    else this.#reject(this.#failure?.reason);
  }

  #keep(failure: PromiseSettledResult<T>): void {
    const keepsFirst = this.#ledger.options.throws === 'first' && this.#failure !== undefined;
    this.#discard(keepsFirst ? failure : this.#failure);
    if (!keepsFirst) this.#failure = failure;
  }

  #remove(run: Run): void {
    this.#running.delete(run);
    run.source.release();
  }

  /** Leaves no timer and no listener behind, and lets go of whatever still runs. */
  #end(reason: unknown): void {
    const { options, durations } = this.#ledger;
    this.#isOver = true;
    this.#cancelTimer?.();
    this.#stopListening?.();
    for (const { startedAt, source } of this.#running) {
      durations?.addCensored(options.clock.now() - startedAt);
      source.cancel(reason);
    }
  }

  #discard(outcome: PromiseSettledResult<T> | undefined): void {
    if (outcome?.status === 'fulfilled') discard(this.#ledger.options.onDiscard, outcome.value);
  }
}
