import { RateLimitStoreError } from '../errors.ts';

/** What a refusal of the server means, by its code. */
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

/**
 * The code of a refusal, `''` if there is none. The protocol has it as the first word of the message, and no client tells
 * it apart; a server before 7 puts its own words before those of a command in a script.
 */
export function codeOf({ message }: Error): string {
  return /^(?:ERR Error running script .*: -)?([A-Z]+)\b/.exec(message)?.[1] ?? '';
}

/** What went wrong, in words; the error of the client or server is its cause. */
export function failureOf(error: unknown): RateLimitStoreError {
  if (error instanceof RateLimitStoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const meaning = error instanceof Error ? meanings[codeOf(error)] : undefined;
  const told = meaning === undefined ? `the store failed: ${message}` : `the store ${meaning}`;
  return new RateLimitStoreError(told, { cause: error });
}
