import { priorities } from './job.ts';

/** What waits for its turn. */
export interface Ready {
  readonly type: string;
  readonly priority: number;
  readonly runAt: number;
  /** Position among all that were ever enqueued. */
  readonly sequence: number;
  /** Where the queue keeps it; the queue's own business. */
  place: number;
}

/**
 * Waiting jobs in the order in which they are to be claimed: one heap per type and priority, so that jobs which nobody
 * here can run, or which are not due yet, are not in the way of others.
 */
export class ReadyQueue<Entry extends Ready> {
  readonly #heaps = new Map<string, readonly Heap<Entry>[]>();

  add(entry: Entry): void {
    let heaps = this.#heaps.get(entry.type);
    if (heaps === undefined) this.#heaps.set(entry.type, (heaps = priorities.map(() => new Heap<Entry>())));
    heaps[entry.priority]?.add(entry);
  }

  remove(entry: Entry): void {
    const heaps = this.#heaps.get(entry.type);
    heaps?.[entry.priority]?.remove(entry);
    if (heaps?.every(({ size }) => size === 0) === true) this.#heaps.delete(entry.type);
  }

  /** Removes and returns the next entry that is due. A step of priority makes up for `agingMs` of waiting. */
  take(now: number, types: readonly string[] | undefined, agingMs: number): Entry | undefined {
    const due = this.#heads(types).filter((entry) => entry.runAt <= now);
    if (due.length === 0) return undefined;
    const rank = ({ runAt, priority }: Entry): number => runAt + priority * agingMs;
    const first = due.reduce((best, entry) => {
      const lead = rank(entry) - rank(best) || entry.sequence - best.sequence;
      return lead < 0 ? entry : best;
    });
    this.remove(first);
    return first;
  }

  /** When the entry became due that waits longest; `undefined` if there is none. */
  get oldestAt(): number | undefined {
    const heads = this.#heads(undefined);
    return heads.length === 0 ? undefined : Math.min(...heads.map(({ runAt }) => runAt));
  }

  #heads(types: readonly string[] | undefined): Entry[] {
    const chosen = types ?? [...this.#heaps.keys()];
    return chosen.flatMap((type) => this.#heaps.get(type) ?? []).flatMap(({ head }) => head ?? []);
  }
}

/** A binary heap, the earliest on top, in which each entry knows its place, so that any can be removed. */
class Heap<Entry extends Ready> {
  readonly #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  get head(): Entry | undefined {
    return this.#entries[0];
  }

  add(entry: Entry): void {
    this.#put(entry, this.#entries.length);
    this.#rise(entry);
  }

  remove(entry: Entry): void {
    const last = this.#entries.pop() as Entry;
    if (last === entry) return;
    this.#put(last, entry.place);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(entry: Entry): void {
    for (let above = (entry.place - 1) >> 1; above >= 0; above = (entry.place - 1) >> 1) {
      const parent = this.#entries[above] as Entry;
      if (!isEarlier(entry, parent)) return;
      this.#swap(entry, parent);
    }
  }

  #sink(entry: Entry): void {
    for (;;) {
      const [left, right] = [this.#entries[entry.place * 2 + 1], this.#entries[entry.place * 2 + 2]];
      if (left === undefined) return;
      const child = right !== undefined && isEarlier(right, left) ? right : left;
      if (!isEarlier(child, entry)) return;
      this.#swap(entry, child);
    }
  }

  #swap(one: Entry, other: Entry): void {
    const { place } = one;
    this.#put(one, other.place);
    this.#put(other, place);
  }

  #put(entry: Entry, place: number): void {
    this.#entries[place] = entry;
    entry.place = place;
  }
}

function isEarlier(one: Ready, other: Ready): boolean {
  return one.runAt < other.runAt || (one.runAt === other.runAt && one.sequence < other.sequence);
}
