/**
 * How an entry is written outside this process. Integers are big-endian, float64 numbers little-endian, times in
 * milliseconds, instants since 1970 on the writer's wall clock:
 *
 * | offset | bytes | content |
 * |---|---|---|
 * | 0 | 2 | `HF` |
 * | 2 | 1 | version of this layout, 3 |
 * | 3 | 1 | 0 for an entry, 1 for a tombstone (a deletion that refuses older versions), 2 for an entry that has moved up from a durable tier |
 * | 4 | 8 | stamp: random, the same in every tier that holds this entry |
 * | 12 | 8 | version given by the application, float64; -1 for none |
 * | 20 | 8 | fresh until, float64; raised in place while the entry slides, lowered when it is expired |
 * | 28 | 8 | `slidingMs`, float64, like the next five; infinite for one that does not slide, made so when it is expired |
 * | 36 | 8 | stored at |
 * | 44 | 8 | `staleWhileRevalidateMs` |
 * | 52 | 8 | `staleIfErrorMs` |
 * | 60 | 8 | how long the load took |
 * | 68 | 8 | `ttlMs`, as it was given: fresh until is never later than stored at plus this |
 * | 76 | 8 | epoch of the store; 0 without one |
 * | 84 | 16 | born: the position of the log that its loader began at; 0 without one |
 * | 100 | 2 + n | etag: its length, then UTF-8 |
 * | … | 2 + … | tags: their number, then each as its length (2 bytes) and UTF-8 |
 * | … | … | the payload, as the value format made it |
 */
export const layout = {
  magic: 0x4846,
  version: 3,
  entry: 0,
  tombstone: 1,
  moved: 2,
  kindAt: 3,
  stampAt: 4,
  stampBytes: 8,
  versionAt: 12,
  freshUntilAt: 20,
  slidingAt: 28,
  storedAtAt: 36,
  staleWhileRevalidateAt: 44,
  staleIfErrorAt: 52,
  loadMsAt: 60,
  ttlAt: 68,
  epochAt: 76,
  bornAt: 84,
  etagAt: 100,
} as const;

/** What stands for no version: versions are at least 0. */
export const noVersion = -1;
