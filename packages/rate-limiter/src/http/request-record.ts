/** Registered, so that a second copy of the module finds what the first one wrote. */
const record = Symbol.for('@holdfast/rate-limiter.record');

interface Recorded {
  [record]?: [by: object, note: unknown][];
}

/** What was noted on a request under a key, or `undefined`. */
export function noteOf(request: object, key: object): unknown {
  const notes = (request as Recorded)[record];
  if (notes === undefined) return undefined;
  for (const [by, note] of notes) if (by === key) return note;
  return undefined;
}

/** Notes something on a request; once per key. */
export function keepNote(request: object, key: object, note: unknown): void {
  ((request as Recorded)[record] ??= []).push([key, note]);
}
