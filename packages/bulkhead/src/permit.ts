/** A slot, held until released. Releasing it again does nothing. */
export interface Permit {
  release(): void;
  /** As `release()`. */
  [Symbol.dispose](): void;
}

export class Slot implements Permit {
  readonly #onRelease: () => void;
  #held = true;

  constructor(onRelease: () => void) {
    this.#onRelease = onRelease;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#onRelease();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
