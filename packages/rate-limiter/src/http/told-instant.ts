/** The three forms of RFC 9110 section 5.6.7, all of which are in GMT, and ISO 8601, which servers write as well. */
const httpDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w -]+ \d{2}:\d{2}:\d{2}(?: \d{4}| GMT)$/;
const isoDate = /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})$/;

/**
 * The instant that a field tells as a date, in milliseconds since 1970; `undefined` if it is none. The platform's own reading
 * takes nearly anything with a digit in it for a date of long ago, `1.5` as well.
 */
export function toldInstant(field: string): number | undefined {
  const text = field.trim();
  if (!httpDate.test(text) && !isoDate.test(text)) return undefined;
  const at = Date.parse(text.replace(/ (\d{4})$/, ' $1 GMT'));
  return Number.isNaN(at) ? undefined : at;
}
