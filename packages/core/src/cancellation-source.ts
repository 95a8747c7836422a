import type { Cancellation } from './cancellation.ts';
import type { Cancel } from './clock.ts';

/**
 * A cancellation that a policy can bring about itself, and that follows an outer one. An `AbortController` exists only
 * once somebody reads `signal`, and the outer cancellation is listened to only while somebody listens here:
 * a call that nobody cancels costs one object.
 */
export class CancellationSource implements Cancellation {
  readonly #outer: Cancellation | undefined;
  #waiting: Set<{ readonly notify: (reason: unknown) => void }> | undefined;
  #controller: AbortController | undefined;
  #unfollow: Cancel | undefined;
  #cancelled = false;
  #reason: unknown;

  constructor(outer?: Cancellation) {
    this.#outer = outer;
  }

  get cancelled(): boolean {
    return this.#cancelled || this.#outer?.cancelled === true;
  }

  get reason(): unknown {
    return this.#cancelled ? this.#reason : this.#outer?.reason;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.cancelled) this.#controller.abort(this.reason);
      else this.#follow();
    }
    return this.#controller.signal;
  }

  onCancel(listener: (reason: unknown) => void): Cancel {
    const entry = { notify: listener };
    const waiting = (this.#waiting ??= new Set());
    waiting.add(entry);
    this.#follow();
    return () => {
      waiting.delete(entry);
      if (waiting.size === 0 && this.#controller === undefined) this.release();
    };
  }

  /** Cancels everything inside. The first reason wins; later ones change nothing. */
  cancel(reason: unknown): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#reason = reason;
    this.release();
    this.#controller?.abort(reason);
    for (const entry of this.#waiting ?? []) {
      this.#waiting?.delete(entry);
      entry.notify(reason);
    }
  }

  /** Stops following the outer cancellation. The policy calls it when its operation has settled. */
  release(): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
  }

  #follow(): void {
    if (!this.#cancelled) this.#unfollow ??= this.#outer?.onCancel((reason) => this.cancel(reason));
  }
}
