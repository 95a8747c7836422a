import { type Cancellation, cancellationOf } from './cancellation.ts';
import { type Clock, systemClock } from './clock.ts';
import { duration } from './options.ts';
import type { Criticality, ExecuteOptions, Operation, OperationContext } from './policy.ts';

/** Something that ends at `dueAt`, on the clock of the run that it belongs to. */
export interface Expiry {
  readonly dueAt: number;
}

/** Where a policy departs from what its caller said. */
export interface ExecutionTerms {
  /** Stands in for the caller's, which it has to follow. */
  readonly cancellation?: Cancellation | undefined;
  readonly attempt?: number | undefined;
  /** Budget in milliseconds of this run alone; the caller's deadline still holds if it comes first. */
  readonly limitMs?: number | undefined;
  /** When this run's own time is up, asked for only if somebody wants to know; the caller's deadline still holds as well. */
  readonly expiry?: Expiry | undefined;
}

/**
 * One run of an operation, seen from both sides: the context that a policy hands to the operation, and the
 * options that the next policy inside starts from. That way key, tenant, attempt, deadline and cancellation
 * pass through any number of policies and no signal is created on the way.
 */
export class Execution implements OperationContext, ExecuteOptions {
  readonly attempt: number;
  /** Absent without a deadline: `Infinity` would take up an object of its own. */
  readonly #endsAt: number | undefined;
  readonly #expiry: Expiry | undefined;
  readonly #clock: Clock;
  readonly #options: ExecuteOptions | undefined;
  readonly #cancellation: Cancellation | undefined;
  #signal: AbortSignal | undefined;

  constructor(options?: ExecuteOptions, clock: Clock = systemClock, own?: ExecutionTerms) {
    this.#options = options;
    this.#cancellation = own?.cancellation;
    this.#expiry = own?.expiry;
    // Structural, because the execution of another copy of this package is options too.
    this.attempt = own?.attempt ?? (options as Partial<OperationContext> | undefined)?.attempt ?? 0;
    if (options instanceof Execution && own?.limitMs === undefined && own?.expiry === undefined) {
      this.#clock = options.#clock;
      this.#endsAt = options.deadlineAt === Infinity ? undefined : options.deadlineAt;
    } else {
      this.#clock = clock;
      this.#endsAt = endOn(clock, options?.deadlineMs, own?.limitMs);
    }
  }

  /**
   * Stays alive so that the engine keeps what it knows of the shape of an execution: without any instance, a full garbage
   * collection forgets that, and with it the code that was optimised for it.
   */
  protected static readonly kept: Execution = new Execution();

  /** The options for a policy that runs inside `context`, whoever made that context. */
  static within(context: OperationContext, options: ExecuteOptions | undefined): ExecuteOptions {
    if (context instanceof Execution) return context;
    const { key, tenant, criticality } = options ?? {};
    const inner = { signal: context.signal, deadlineMs: context.remainingMs(), key, tenant, criticality };
    return new Execution(inner, systemClock, { attempt: context.attempt });
  }

  /** Starts `operation` now. Gives the operation's own promise, if it makes one; a synchronous throw rejects. */
  start<T>(operation: Operation<T>): Promise<T> {
    try {
      return Promise.resolve(operation(this));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  get signal(): AbortSignal {
    // Without a cancellation each execution gets a signal of its own: on a shared one listeners would pile up.
    return (this.#signal ??= this.cancellation?.signal ?? new AbortController().signal);
  }

  /** Reading on `clock` at which the time is up; `Infinity` without a deadline. */
  get deadlineAt(): number {
    const endsAt = this.#endsAt ?? Infinity;
    return this.#expiry === undefined ? endsAt : Math.min(endsAt, this.#expiry.dueAt);
  }

  remainingMs(): number {
    const { deadlineAt } = this;
    return deadlineAt === Infinity ? Infinity : Math.max(0, deadlineAt - this.#clock.now());
  }

  get deadlineMs(): number | undefined {
    const remainingMs = this.remainingMs();
    return remainingMs === Infinity ? undefined : remainingMs;
  }

  get key(): string | undefined {
    return this.#options?.key;
  }

  get tenant(): string | undefined {
    return this.#options?.tenant;
  }

  get criticality(): Criticality | undefined {
    return this.#options?.criticality;
  }

  /** What may cancel this run; `undefined` if nothing can. */
  get cancellation(): Cancellation | undefined {
    return this.#cancellation ?? cancellationOf(this.#options);
  }
}

function endOn(clock: Clock, deadlineMs = Infinity, limitMs = Infinity): number | undefined {
  if (deadlineMs !== Infinity) duration('deadlineMs', deadlineMs);
  const budgetMs = Math.min(deadlineMs, limitMs);
  return budgetMs === Infinity ? undefined : clock.now() + budgetMs;
}
