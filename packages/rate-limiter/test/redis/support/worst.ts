/** The most instants in any interval of that length, open on the left. */
export function worst(instants: readonly number[], length: number): number {
  let most = 0;
  let first = 0;
  for (const [last, at] of instants.entries()) {
    while ((instants[first] as number) <= at - length) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
