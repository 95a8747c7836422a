import type { Incoming } from '@holdfast/dedupe/http';

/** A request as adapters tell of it: a POST with an idempotency key, unless the test says otherwise. */
export const incoming = (own: Partial<Incoming<string>> = {}): Incoming<string> => ({
  request: 'request',
  method: 'POST',
  host: 'example.com',
  target: '/',
  header: (name) => (name === 'idempotency-key' ? 'key' : undefined),
  hasBody: true,
  body: {},
  signal: new AbortController().signal,
  ...own,
});
