import { TransientMap } from '../transient-map.ts';

/** One write's place in the order of its key. */
export interface Turn {
  /** What has to settle before this write may start; `undefined` if nothing. Never rejects. */
  readonly ahead: Promise<unknown> | undefined;
  /** Nobody waits for this write any longer, though it may still happen. */
  readonly late: () => void;
  /** The write has happened, or never will. */
  readonly done: () => void;
}

interface Place {
  readonly settled: Promise<void>;
  late: boolean;
}

/**
 * Keeps the writes of one key to one tier in the order in which they were asked for, whatever each of them takes: a
 * late `set` must not undo a `delete`. Reads ask what is ahead of them, so that none overtakes a write either.
 *
 * Invariant: nothing is remembered about a key whose writes have all settled.
 */
export class WriteOrder {
  readonly #last = new TransientMap<Place>();
  #lastOfAll: Place | undefined;

  /** What a read of `key` has to wait for; `undefined` if nothing. */
  ahead(key: string): Promise<unknown> | undefined {
    const own = this.#last.get(key)?.settled;
    const all = this.#lastOfAll?.settled;
    return own === undefined || all === undefined ? (own ?? all) : Promise.all([own, all]);
  }

  /** What a change of every key that nobody has to wait for has to wait for itself; `undefined` if nothing. */
  aheadOfAll(): Promise<unknown> | undefined {
    const before = this.#last.values().map((place) => place.settled);
    if (this.#lastOfAll !== undefined) before.push(this.#lastOfAll.settled);
    return before.length === 0 ? undefined : Promise.all(before);
  }

  /** Whether waiting for what is ahead of `key` has been given up before. */
  isLate(key: string): boolean {
    return this.#last.get(key)?.late === true || this.allLate;
  }

  /** Whether waiting for a write of every key has been given up, though it may still happen. */
  get allLate(): boolean {
    return this.#lastOfAll?.late === true;
  }

  /** Joins the order of `key`. */
  enter(key: string): Turn {
    const ahead = this.ahead(key);
    const { place, turn } = openTurn(ahead, () => {
      if (this.#last.get(key) === place) this.#last.delete(key);
    });
    this.#last.set(key, place);
    return turn;
  }

  /** Joins the order of every key. */
  enterAll(): Turn {
    const ahead = this.aheadOfAll();
    const { place, turn } = openTurn(ahead, () => {
      if (this.#lastOfAll === place) this.#lastOfAll = undefined;
    });
    this.#lastOfAll = place;
    return turn;
  }
}

function openTurn(ahead: Promise<unknown> | undefined, onDone: () => void): { place: Place; turn: Turn } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const place: Place = { settled: promise, late: false };
  const late = (): void => {
    place.late = true;
  };
  const done = (): void => {
    onDone();
    resolve();
  };
  return { place, turn: { ahead, late, done } };
}
