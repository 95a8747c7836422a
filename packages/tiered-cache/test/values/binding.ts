import type { Binding } from '../../src/values/value-format.ts';

/** What a payload is bound to where nothing but the key matters. */
export function binding(key: string): Binding {
  return () => Buffer.from(`shop:${key}`);
}
