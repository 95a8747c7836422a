import { RateLimitStoreError } from '../errors.ts';

/** What a refusal of the server means, by the word that its error begins with. */
const meanings: Readonly<Record<string, string>> = {
  BUSY: 'is busy with a script of somebody',
  CLUSTERDOWN: 'is a cluster that is down',
  LOADING: 'is loading its data',
  MASTERDOWN: 'is a replica without its master',
  MISCONF: 'cannot persist and so refuses writes',
  NOAUTH: 'asks for a password',
  NOPERM: 'does not permit the script',
  NOREPLICAS: 'has too few replicas and so refuses writes',
  OOM: 'is out of memory',
  READONLY: 'is a replica and takes no writes',
  WRONGPASS: 'refuses the password',
};

/** What went wrong, in words; the error of the client or server is its cause. */
export function failureOf(error: unknown): RateLimitStoreError {
  if (error instanceof RateLimitStoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const meaning = meanings[/^[A-Z]+/.exec(message)?.[0] ?? ''];
  const told = meaning === undefined ? `the store failed: ${message}` : `the store ${meaning}`;
  return new RateLimitStoreError(told, { cause: error });
}
