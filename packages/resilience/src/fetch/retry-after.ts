/**
 * How long a `Retry-After` field asks to wait, in milliseconds, at least 0: it holds whole seconds or a date. `undefined` if there
 * is none, or none that can be read.
 *
 * @param epochMs - What time it is, in milliseconds since 1970.
 * @see RFC 9110, 10.2.3
 */
export function parseRetryAfterMs(value: string | null, epochMs: number): number | undefined {
  const trimmed = value?.trim() ?? '';
  if (/^\d{1,10}$/.test(trimmed)) return Number(trimmed) * 1_000;
  // Dates begin with the name of a day; the parser also takes much that is none.
  const at = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - epochMs);
}
