import {
  type Cancel,
  type Cancellation,
  cancellationOf,
  CancellationSource,
  type OperationContext,
} from '@holdfast/core';

/** Nobody tells when a body has been read, long after its request was answered perhaps; the collector knows who cannot be any more. */
const bodies = new FinalizationRegistry<CancellationSource>((source) => source.release());

/**
 * What ends a request: the attempt that makes it, and its caller, who may also end the body of its response. Not
 * `AbortSignal.any`, which costs several times as much and of which Node.js 22 keeps something as long as the caller's signal lives.
 *
 * Invariants: it follows the attempt until there is a response, or none; it follows the caller until nobody holds the body
 * of that response any more. What is kept for that refers neither to the response nor to the call.
 */
export class Leash {
  readonly #source: CancellationSource;
  readonly #stopFollowing: Cancel | undefined;

  constructor(attempt: OperationContext, caller: Cancellation | undefined) {
    const source = (this.#source = new CancellationSource(caller));
    this.#stopFollowing = cancellationOf(attempt)?.onCancel((reason) => source.cancel(reason));
  }

  get signal(): AbortSignal {
    return this.#source.signal;
  }

  answered({ body }: Response): void {
    this.#stopFollowing?.();
    if (body === null) this.#source.release();
    else bodies.register(body, this.#source);
  }

  failed(): void {
    this.#stopFollowing?.();
    this.#source.release();
  }
}
