/**
 * Turns values into what the tiers outside this process hold of them, and back. The bytes say by themselves how they
 * were made, so that processes of several versions can share a tier.
 *
 * Synchronous where it can be: a promise is made only for work that is done off the calling thread.
 */
export interface ValueFormat {
  /** @throws If it cannot represent the value. */
  encode(value: unknown, binding: Binding): Uint8Array | Promise<Uint8Array>;
  /** @throws If the bytes make no value that may be given out: damaged, foreign, tampered with or not valid. */
  decode(bytes: Uint8Array, binding: Binding): unknown;
}

/** What a payload belongs to, namespace and key first. Called only by formats that authenticate it. */
export type Binding = () => Uint8Array;
