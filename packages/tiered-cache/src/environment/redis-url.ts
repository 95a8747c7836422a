import { InvalidOptionError } from '@holdfast/core';

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
    withoutSecrets(value, url),
  );
}

/** Of what is no URL only the scheme is shown: whatever follows may be a password in the wrong place. */
function withoutSecrets(value: string, url: URL | undefined): string {
  const [scheme = ''] = /^[a-z][a-z\d+.-]*:\/\//i.exec(value) ?? [];
  if (url === undefined || scheme === '') return `${scheme}***`;
  const user = url.username === '' && url.password === '' ? '' : '***@';
  return `${scheme}${user}${url.host}`;
}
