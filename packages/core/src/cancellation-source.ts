import { type Cancellation, WaitingList } from './cancellation.ts';
import type { Cancel } from './clock.ts';

/**
 * A cancellation that a policy can bring about itself, and that follows an outer one. An `AbortController` exists only
 * once somebody reads `signal`, and the outer cancellation is listened to only while somebody listens here:
 * a call that nobody cancels costs one object.
 */
export class CancellationSource implements Cancellation {
  readonly #outer: Cancellation | undefined;
  #waiting: WaitingList | undefined;
  #controller: AbortController | undefined;
  #unfollow: Cancel | undefined;
  #released = false;
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
    const list = (this.#waiting ??= new WaitingList());
    const waiting = list.add(listener);
    this.#follow();
    return () => {
      list.remove(waiting);
      if (list.isEmpty && this.#controller === undefined) this.#stopFollowing();
    };
  }

  /** Cancels everything inside. The first reason wins; later ones change nothing. */
  cancel(reason: unknown): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#reason = reason;
    this.release();
    this.#controller?.abort(reason);
    this.#waiting?.tellAll(reason);
  }

  /** Stops following the outer cancellation for good. The policy calls it when its operation has settled. */
  release(): void {
    this.#released = true;
    this.#stopFollowing();
  }

  #follow(): void {
    if (!this.#released) this.#unfollow ??= this.#outer?.onCancel((reason) => this.cancel(reason));
  }

  #stopFollowing(): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
  }
}
