/** How a call ended. `shared`: whether other callers got the same value or error, by reference. */
export type DedupeOutcome<T> =
  | { readonly status: 'fulfilled'; readonly value: T; readonly shared: boolean }
  | { readonly status: 'rejected'; readonly reason: unknown; readonly shared: boolean };
