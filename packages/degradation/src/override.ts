import type { Cancel, Clock } from '@holdfast/core';

interface Held<Value> {
  readonly value: Value;
  readonly cancel: Cancel;
}

/** Told what becomes of an override. */
export interface OverrideObserver<Value> {
  set(value: Value, ttlMs: number): void;
  ended(value: Value, reason: 'expired' | 'lifted' | 'replaced'): void;
  /** After an override has ended without another in its place. */
  released(): void;
}

/** What an operator set by hand. It always ends, so that nobody can forget it. */
export class Override<Value> implements Disposable {
  readonly #clock: Clock;
  readonly #observer: OverrideObserver<Value>;
  #held: Held<Value> | undefined;

  constructor(clock: Clock, observer: OverrideObserver<Value>) {
    this.#clock = clock;
    this.#observer = observer;
  }

  get value(): Value | undefined {
    return this.#held?.value;
  }

  set(value: Value, ttlMs: number): Disposable {
    this.#end('replaced');
    const expire = (): void => this.#lift(held, 'expired');
    const held: Held<Value> = { value, cancel: this.#clock.schedule(expire, ttlMs, { background: true }) };
    this.#held = held;
    this.#observer.set(value, ttlMs);
    return { [Symbol.dispose]: () => this.#lift(held, 'lifted') };
  }

  /** Drops the timer and the override without a word. */
  [Symbol.dispose](): void {
    this.#held?.cancel();
    this.#held = undefined;
  }

  #lift(held: Held<Value>, reason: 'expired' | 'lifted'): void {
    if (this.#held !== held) return;
    this.#end(reason);
    this.#observer.released();
  }

  #end(reason: 'expired' | 'lifted' | 'replaced'): void {
    if (this.#held === undefined) return;
    const { value, cancel } = this.#held;
    cancel();
    this.#held = undefined;
    this.#observer.ended(value, reason);
  }
}
