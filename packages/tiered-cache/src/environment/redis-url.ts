import { InvalidOptionError } from '@holdfast/core';

import { shownUrl } from '../redis/shown-url.ts';

/**
 * Checks the URL of a Redis server.
 *
 * @throws {InvalidOptionError} which shows neither user nor password, nor anything where they could be.
 */
export function redisUrl(variable: string, value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url !== undefined && /^rediss?:$/.test(url.protocol) && url.hostname !== '') return value;
  throw new InvalidOptionError(
    variable,
    "a URL that starts with 'redis://' or 'rediss://' and names a host",
    shownUrl(value),
  );
}
