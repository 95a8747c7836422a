import type { Clock } from '@holdfast/core';

import { BodyLagError } from './errors.ts';

/** A part of the body, and the one after it once that has come. What nobody has yet to read is held by nobody. */
interface Part {
  readonly bytes: Uint8Array;
  /** Bytes of the body up to its end. */
  readonly endsAt: number;
  next: Part | undefined;
}

type ReadResult = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>;

/** One caller's way through the body. */
interface Branch {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly stopListening: () => void;
  /** The last part that it got. */
  last: Part;
  /** Whether it waits for a part that has not come. */
  waits: boolean;
}

/**
 * One body that several callers read, each at its own pace. It is read as fast as the fastest of them reads. One that
 * falls further behind than `maxLagBytes` loses the rest, so no more than that is ever held, whatever callers do.
 *
 * Invariants: each branch gets the whole body or an error; the source is cancelled once the last branch has been left.
 */
export class SharedBody {
  readonly #source: ReadableStreamDefaultReader<Uint8Array>;
  readonly #maxLagBytes: number;
  readonly #branches = new Set<Branch>();
  readonly #clock: Clock;
  /** Where branches start. Held while it may be: callers that share a response do not get it all at once. */
  #start: Part | undefined = { bytes: new Uint8Array(), endsAt: 0, next: undefined };
  #newest: Part = this.#start as Part;
  #reading = false;
  #ended = false;

  constructor(body: ReadableStream<Uint8Array>, maxLagBytes: number, clock: Clock) {
    this.#source = body.getReader();
    this.#maxLagBytes = maxLagBytes;
    this.#clock = clock;
  }

  /** The body for one more caller, which leaves when `signal` aborts. */
  branch(signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
    let branch: Branch;
    const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      const abort = (): void => this.#expel(branch, signal?.reason);
      signal?.addEventListener('abort', abort);
      const stopListening = (): void => signal?.removeEventListener('abort', abort);
      branch = { controller, stopListening, last: this.#start ?? this.#newest, waits: false };
      this.#branches.add(branch);
      if (signal?.aborted === true) abort();
      else if (this.#start === undefined) this.#cutOff(branch);
    };
    const pull = (): void => this.#give(branch);
    const cancel = (reason: unknown): void => this.#leave(branch, reason);
    return new ReadableStream({ start, pull, cancel }, { highWaterMark: 0 });
  }

  #give(branch: Branch): void {
    const { next } = branch.last;
    branch.waits = next === undefined;
    if (next !== undefined) {
      branch.last = next;
      branch.controller.enqueue(next.bytes);
    } else if (this.#ended) {
      this.#drop(branch);
      branch.controller.close();
    } else if (!this.#reading) {
      this.#reading = true;
      this.#source.read().then(this.#take, this.#fail);
    }
  }

  readonly #take = ({ done, value }: ReadResult): void => {
    this.#reading = false;
    if (done) this.#ended = true;
    else {
      const part = { bytes: value, endsAt: this.#newest.endsAt + value.byteLength, next: undefined };
      this.#newest.next = part;
      this.#newest = part;
      if (part.endsAt > this.#maxLagBytes) this.#start = undefined;
    }
    for (const branch of this.#branches) {
      if (branch.waits) this.#give(branch);
      else if (this.#newest.endsAt - branch.last.endsAt > this.#maxLagBytes) this.#cutOff(branch);
    }
  };

  readonly #fail = (error: unknown): void => {
    this.#reading = false;
    for (const branch of this.#branches) {
      this.#drop(branch);
      branch.controller.error(error);
    }
  };

  #cutOff(branch: Branch): void {
    this.#expel(branch, new BodyLagError(this.#maxLagBytes));
  }

  #expel(branch: Branch, reason: unknown): void {
    branch.controller.error(reason);
    this.#leave(branch, reason);
  }

  #leave(branch: Branch, reason: unknown): void {
    this.#drop(branch);
    const cancel = (): void => {
      // How the source takes it is of no concern to those who have left.
      if (this.#branches.size === 0) this.#source.cancel(reason).catch(() => undefined);
    };
    // Not before the others have their branches.
    if (this.#branches.size === 0) this.#clock.schedule(cancel, 0, { background: true });
  }

  #drop(branch: Branch): void {
    branch.stopListening();
    this.#branches.delete(branch);
  }
}
