import { ManualClock } from '@holdfast/core/testing';

/** A clock on which a blocked or suspended process can be acted out: time passes and no timer runs. */
export class BlockingClock extends ManualClock {
  #blockedMs = 0;

  override now(): number {
    return super.now() + this.#blockedMs;
  }

  block(ms: number): void {
    this.#blockedMs += ms;
  }
}
