import { InvalidOptionError, oneOf, text, wholeNumber } from '@holdfast/core';

import { identifier } from '../checks.ts';
import { redisUrl } from './redis-url.ts';

/** Variables by name, as in `process.env`. One that is empty counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where entries are kept: in this process, in Redis, or in both. */
export type CacheMode = 'memory' | 'redis' | 'hybrid';

const modes = ['memory', 'redis', 'hybrid'] as const satisfies readonly CacheMode[];

/** What the variables say. */
export interface CacheVariables {
  readonly mode: CacheMode;
  /** Absent where the mode does not use it. */
  readonly redisUrl: string | undefined;
  /** Path of the file of a durable tier; absent for none. */
  readonly file: string | undefined;
  readonly prefix: string | undefined;
  readonly ttlMs: number | undefined;
  readonly maxEntries: number | undefined;
  readonly maxBytes: number | undefined;
}

/**
 * Reads the variables. All that are set are checked, also those that the mode does not use.
 *
 * @throws {InvalidOptionError} naming the variable, what it must be and what it is, without the secrets of a URL.
 */
export function readVariables(environment: Environment): CacheVariables {
  const read = <T>(name: string, check: (name: string, value: string) => T): T | undefined => {
    const value = environment[name];
    return value === undefined || value === '' ? undefined : check(name, value);
  };
  const url = read('REDIS_URL', redisUrl);
  const mode = read('CACHE_MODE', modeOf) ?? (url === undefined ? 'memory' : 'hybrid');
  if (mode !== 'memory' && url === undefined)
    throw new InvalidOptionError('REDIS_URL', `set where CACHE_MODE is '${mode}'`, url);
  return {
    mode,
    redisUrl: mode === 'memory' ? undefined : url,
    file: read('CACHE_FILE', text),
    prefix: read('CACHE_PREFIX', identifier),
    ttlMs: read('CACHE_TTL_MS', count),
    maxEntries: read('CACHE_L1_MAX_ENTRIES', count),
    maxBytes: read('CACHE_L1_MAX_BYTES', count),
  };
}

function modeOf(name: string, value: string): CacheMode {
  return oneOf(name, value, modes);
}

/** Digits only: `Number` would take '0x10' for 16 and ' ' for 0. */
function count(name: string, value: string): number {
  return wholeNumber(name, /^\d+$/.test(value) ? Number(value) : value, 1);
}
