import { randomUUID } from 'node:crypto';

/**
 * A UUID of version 7: unique everywhere, and growing with time, so that an index over ids grows at its end.
 *
 * @param nowMs - Milliseconds since 1970.
 * @see RFC 9562, section 5.7
 */
export function newJobId(nowMs: number): string {
  const time = Math.trunc(nowMs).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
