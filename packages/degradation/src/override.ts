import type { Cancel, Clock } from '@holdfast/core';
import type { DegradationNews } from './events.ts';
import type { Level } from './levels.ts';

interface Held {
  readonly level: Level;
  readonly cancel: Cancel;
}

/** A level that an operator set by hand. It always ends, so that nobody can forget it. */
export class Override {
  readonly #clock: Clock;
  readonly #tell: (news: DegradationNews) => void;
  readonly #ended: () => void;
  #held: Held | undefined;

  /** @param ended - Called after an override has expired or was lifted. */
  constructor(clock: Clock, tell: (news: DegradationNews) => void, ended: () => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#ended = ended;
  }

  get level(): Level | undefined {
    return this.#held?.level;
  }

  set(level: Level, ttlMs: number): Disposable {
    this.#end('replaced');
    const expire = (): void => this.#lift(held, 'expired');
    const held: Held = { level, cancel: this.#clock.schedule(expire, ttlMs, { background: true }) };
    this.#held = held;
    this.#tell({ type: 'override-set', level, ttlMs });
    return { [Symbol.dispose]: () => this.#lift(held, 'lifted') };
  }

  /** Drops the timer and the override without a word. */
  [Symbol.dispose](): void {
    this.#held?.cancel();
    this.#held = undefined;
  }

  #lift(held: Held, reason: 'expired' | 'lifted'): void {
    if (this.#held !== held) return;
    this.#end(reason);
    this.#ended();
  }

  #end(reason: 'expired' | 'lifted' | 'replaced'): void {
    if (this.#held === undefined) return;
    const { level, cancel } = this.#held;
    cancel();
    this.#held = undefined;
    this.#tell({ type: 'override-ended', level, reason });
  }
}
