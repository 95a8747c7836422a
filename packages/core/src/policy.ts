import { Execution } from './execution.ts';

/** How much the answer would be missed, from the first call to be shed to the last. */
export type Criticality = 'sheddable' | 'degradable' | 'normal' | 'critical';

/** What a policy tells the operation that it runs. */
export interface OperationContext {
  /** Aborts when the answer is no longer wanted. Created on first read: an operation that ignores it pays nothing. */
  readonly signal: AbortSignal;
  /** 0 for the first attempt, 1 for the first retry. */
  readonly attempt: number;
  /** Milliseconds until the deadline, at least 0; `Infinity` without a deadline. */
  remainingMs(): number;
}

/** The work that a policy guards. It may return a value, a promise or any thenable. */
export type Operation<T> = (context: OperationContext) => T | PromiseLike<T>;

/** What a caller tells the policies about one call. */
export interface ExecuteOptions {
  /** Ends every wait of this call, which then rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /** Budget of the whole call in milliseconds from now, at least 0. Defaults to no deadline. */
  readonly deadlineMs?: number | undefined;
  /** What the call is about, for policies that keep state per key. */
  readonly key?: string | undefined;
  /** Who calls, for policies that share a resource out fairly. */
  readonly tenant?: string | undefined;
  /** Defaults to `'normal'`. */
  readonly criticality?: Criticality | undefined;
}

/** Decides whether, when and how often an operation runs. Structural: nobody has to import it to implement it. */
export interface Policy {
  /** Passes the operation's result and its errors through untouched. */
  execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T>;
}

/**
 * Joins policies, the outermost first; `compose()` runs the operation alone. Associative: how policies are
 * grouped makes no difference. Prefer the named slots of a pipeline, which cannot be put in the wrong order.
 */
export function compose(...policies: readonly Policy[]): Policy {
  if (policies.length === 0) return bare;
  return policies.reduceRight((inner, outer) => nest(outer, inner));
}

/**
 * A function that runs `fn` under `policy` and keeps its `this`, parameters, name and length.
 * Whatever `fn` throws rejects the promise.
 */
export function wrap<This, Parameters extends unknown[], Result>(
  policy: Policy,
  fn: (this: This, ...parameters: Parameters) => Result | PromiseLike<Result>,
): (this: This, ...parameters: Parameters) => Promise<Result> {
  function wrapped(this: This, ...parameters: Parameters): Promise<Result> {
    return policy.execute(() => fn.apply(this, parameters));
  }
  Object.defineProperty(wrapped, 'name', { value: fn.name, configurable: true });
  Object.defineProperty(wrapped, 'length', { value: fn.length, configurable: true });
  return wrapped;
}

const bare: Policy = {
  execute: async (operation, options) => operation(new Execution(options)),
};

function nest(outer: Policy, inner: Policy): Policy {
  return {
    execute: (operation, options) =>
      outer.execute((context) => inner.execute(operation, Execution.within(context, options)), options),
  };
}
