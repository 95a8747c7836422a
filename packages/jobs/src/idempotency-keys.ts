/** Which job each key stands for, until the key expires. Independent of whether the job is still there. */
export class IdempotencyKeys {
  readonly #keys = new Map<string, { readonly id: string; readonly expiresAt: number }>();
  #sweepAt = 1_024;

  get(key: string, now: number): string | undefined {
    const entry = this.#keys.get(key);
    return entry !== undefined && entry.expiresAt > now ? entry.id : undefined;
  }

  set(key: string, id: string, expiresAt: number, now: number): void {
    this.#keys.set(key, { id, expiresAt });
    if (this.#keys.size < this.#sweepAt) return;
    for (const [each, entry] of this.#keys) if (entry.expiresAt <= now) this.#keys.delete(each);
    // A sweep looks at every key, so the next one waits until there are twice as many.
    this.#sweepAt = Math.max(1_024, this.#keys.size * 2);
  }
}
