/** The key, or tag, of that name which one process of a fleet has for itself. */
export function keyOf(who: number, name: string): string {
  return `${name} of ${who}`;
}
