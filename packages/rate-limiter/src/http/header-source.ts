/** The headers of an incoming message of Node.js, or any object like it, in whatever case. */
export type HeaderRecord = Readonly<Record<string, string | readonly string[] | number | undefined>>;

/** Headers of fetch, or of Node.js. */
export type HeaderSource = { get(name: string): string | null } | HeaderRecord;

/** The value of a field, its lines joined as RFC 9110 section 5.3 joins them; `undefined` if it is absent. */
export function fieldOf(headers: HeaderSource, name: string): string | undefined {
  if (typeof headers['get'] === 'function') return (headers as Headers).get(name) ?? undefined;
  const record = headers as HeaderRecord;
  const lowerCase = name.toLowerCase();
  let field: string | undefined;
  for (const key in record) {
    if (key.length !== name.length || key.toLowerCase() !== lowerCase) continue;
    const value = record[key];
    if (value === undefined) continue;
    const lines = Array.isArray(value) ? value.join(', ') : String(value);
    field = field === undefined ? lines : `${field}, ${lines}`;
  }
  return field;
}
