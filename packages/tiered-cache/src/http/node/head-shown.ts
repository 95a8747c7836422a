import type { ServerResponse } from 'node:http';

/**
 * Shows a head as sent while it is held back: what looks there before it begins another response, as the error handler of
 * express does, would else put one into the other. What comes back undoes it.
 */
export function showHeadSent(response: ServerResponse): () => void {
  Object.defineProperty(response, 'headersSent', { configurable: true, value: true });
  return () => void Reflect.deleteProperty(response, 'headersSent');
}
