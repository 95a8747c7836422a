/** Headers of fetch, or of Node.js, in whatever case. */
export type HeaderSource =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | number | undefined>>;

/** The value of a field, its lines joined; `undefined` if there is none. */
export function fieldOf(headers: HeaderSource, name: string): string | undefined {
  if (typeof headers['get'] === 'function') return (headers as Headers).get(name) ?? undefined;
  const lowerCase = name.toLowerCase();
  const lines = Object.entries(headers).filter(([key]) => key.toLowerCase() === lowerCase);
  const values = lines.flatMap(([, value]) => (value === undefined ? [] : [value].flat()));
  return values.length === 0 ? undefined : values.join(', ');
}
