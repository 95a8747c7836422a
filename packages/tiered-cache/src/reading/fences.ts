import { TransientMap } from '../transient-map.ts';

/** Tells whoever started before an invalidation that it happened. */
export interface Fence {
  readonly raised: boolean;
}

interface HeldFence {
  raised: boolean;
  holders: number;
}

/** A fence for each key that somebody works on. Invariant: one is kept exactly while somebody holds it unraised. */
export class Fences {
  readonly #fences = new TransientMap<HeldFence>();

  enter(key: string): Fence {
    let fence = this.#fences.get(key);
    if (fence === undefined) this.#fences.set(key, (fence = { raised: false, holders: 0 }));
    fence.holders += 1;
    return fence;
  }

  leave(key: string, fence: Fence): void {
    const held = this.#fences.get(key);
    if (held === undefined || held !== fence) return;
    held.holders -= 1;
    if (held.holders === 0) this.#fences.delete(key);
  }

  /** `key` has changed: everybody who works on it has something older in hand. */
  raise(key: string): void {
    const fence = this.#fences.get(key);
    if (fence === undefined) return;
    fence.raised = true;
    this.#fences.delete(key);
  }

  raiseAll(): void {
    for (const key of this.#fences.keys()) this.raise(key);
  }
}
