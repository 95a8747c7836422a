/** What to tell people of something that was thrown or given. It may be anything, also what cannot be made a string. */
export function messageOf(something: unknown): string {
  try {
    return something instanceof Error ? something.message : String(something);
  } catch {
    return 'what has no text';
  }
}
