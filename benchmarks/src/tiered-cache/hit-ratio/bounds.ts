import { namesOf, replay } from './replay.ts';
import type { Trace } from './trace.ts';

const never = -1;

/**
 * Share of the asks that hit in a cache that knows the future and keeps what comes back soonest: no cache of that many
 * entries does better ("A study of replacement algorithms for a virtual-storage computer", 1966). It may decline to
 * keep an entry at all. Only of traces without deletions, deaths and sizes.
 */
export function optimum({ keys, distinct }: Trace, capacity: number): number {
  const nextAsk = nextAsks(keys, distinct);
  /** By the number of an ask: whether its key is held until then. */
  const isHeldUntil = new Uint8Array(keys.length);
  const asks = new MaxHeap(keys.length);
  let [held, hits] = [0, 0];
  for (const [ask, next] of nextAsk.entries()) {
    if (isHeldUntil[ask] === 1) {
      hits += 1;
      held -= 1;
    }
    if (next === never) continue;
    // Asks that are past stay in the heap: they are less than any that is held.
    asks.push(next);
    isHeldUntil[next] = 1;
    held += 1;
    if (held <= capacity) continue;
    isHeldUntil[asks.pop()] = 0;
    held -= 1;
  }
  return hits / keys.length;
}

/** Share of the reads that hit in a cache without bounds. */
export function unbounded(trace: Trace): number {
  return replay(new Map(), trace, namesOf(trace), { now: 0 });
}

/** For each ask the next one for the same key. */
function nextAsks(keys: Int32Array, distinct: number): Int32Array {
  const next = new Int32Array(keys.length);
  const last = new Int32Array(distinct).fill(never);
  for (let ask = keys.length - 1; ask >= 0; ask -= 1) {
    const key = keys[ask] ?? 0;
    next[ask] = last[key] ?? never;
    last[key] = ask;
  }
  return next;
}

/** Numbers, the greatest of which is on top. */
class MaxHeap {
  readonly #numbers: Int32Array;
  #size = 0;

  constructor(capacity: number) {
    this.#numbers = new Int32Array(capacity + 1);
  }

  push(number: number): void {
    let place = this.#size;
    this.#size += 1;
    for (let above = (place - 1) >> 1; place > 0 && this.#at(above) < number; above = (place - 1) >> 1) {
      this.#numbers[place] = this.#at(above);
      place = above;
    }
    this.#numbers[place] = number;
  }

  pop(): number {
    const top = this.#at(0);
    this.#size -= 1;
    const number = this.#at(this.#size);
    let place = 0;
    for (let below = this.#greaterChild(0); this.#at(below) > number; below = this.#greaterChild(place)) {
      this.#numbers[place] = this.#at(below);
      place = below;
    }
    this.#numbers[place] = number;
    return top;
  }

  #greaterChild(place: number): number {
    const left = 2 * place + 1;
    return this.#at(left + 1) > this.#at(left) ? left + 1 : left;
  }

  #at(place: number): number {
    return place < this.#size ? (this.#numbers[place] ?? 0) : -1;
  }
}
