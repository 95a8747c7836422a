const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const time = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})`;

/** The three forms that a recipient has to understand, the preferred one first. */
const forms = [
  `[a-z]{3}, (?<day>\\d{2}) (?<month>[a-z]{3}) (?<year>\\d{4}) ${time} GMT`,
  `[a-z]{6,9}, (?<day>\\d{2})-(?<month>[a-z]{3})-(?<year>\\d{2}) ${time} GMT`,
  `[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})`,
].map((form) => new RegExp(`^${form}$`, 'i'));

/** The instant as a header field has it: to the second, rounded down. */
export function formatHttpDate(atMs: number): string {
  return new Date(atMs).toUTCString();
}

/**
 * The instant in milliseconds since 1970, or `undefined` if it is no HTTP date. `Date.parse` is no substitute: it takes
 * far more than a recipient may, and reads one of the forms in local time.
 *
 * @see RFC 9110 section 5.6.7
 */
export function parseHttpDate(text: string): number | undefined {
  for (const form of forms) {
    const parts = form.exec(text)?.groups;
    if (parts !== undefined) return instantOf(parts);
  }
  return undefined;
}

function instantOf(parts: Readonly<Record<string, string | undefined>>): number | undefined {
  const [day = 0, hour = 0, minute = 0, second = 0] = ['day', 'hour', 'minute', 'second'].map((name) =>
    Number(parts[name]),
  );
  const month = months.indexOf(String(parts['month']).toLowerCase());
  const midnightMs = Date.UTC(fullYear(String(parts['year'])), month, day);
  // A day that the month does not have runs over into the next one. Second 60 is a leap second.
  const valid =
    month >= 0 && new Date(midnightMs).getUTCDate() === day && hour < 24 && minute < 60 && second <= 60;
  return valid ? midnightMs + ((hour * 60 + minute) * 60 + second) * 1_000 : undefined;
}

/** Two digits are of the century that puts them closest to the present. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length === 4) return year;
  return year < 70 ? 2000 + year : 1900 + year;
}
