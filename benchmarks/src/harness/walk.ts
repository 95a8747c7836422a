/** The keys one after the other, for ever. Their number is a power of two. */
export function walk(keys: readonly string[]): () => string {
  const mask = keys.length - 1;
  let position = 0;
  // oxlint-disable-next-line typescript/no-non-null-assertion -- the mask keeps the position inside
  return () => keys[(position = (position + 1) & mask)]!;
}
