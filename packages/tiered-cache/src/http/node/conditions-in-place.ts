import type { IncomingMessage } from 'node:http';

import type { HeaderPair } from '../handler-response.ts';

const names = ['if-none-match', 'if-modified-since'] as const;

/** Puts conditions of the cache in place of the client's. What comes back undoes it. */
export function replaceConditions(
  { headers }: Pick<IncomingMessage, 'headers'>,
  conditions: readonly HeaderPair[],
): () => void {
  const before = names.map((name) => [name, headers[name]] as const);
  for (const name of names) delete headers[name];
  for (const [name, value] of conditions) headers[name] = String(value);
  return () => {
    for (const name of names) delete headers[name];
    for (const [name, value] of before) if (value !== undefined) headers[name] = value;
  };
}
