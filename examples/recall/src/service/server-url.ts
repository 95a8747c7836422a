import { InvalidOptionError } from '@holdfast/core';

/** What the URL of a server may look like. */
export interface UrlForm {
  readonly rule: string;
  readonly accepts: (url: URL) => boolean;
}

export const urlForms = {
  redis: {
    rule: 'a URL of the form redis://host:port or rediss://host:port, perhaps with a password and the number of a database',
    accepts: ({ protocol, hostname, pathname }) =>
      /^rediss?:$/.test(protocol) && hostname !== '' && /^\/?\d{0,5}$/.test(pathname),
  },
  postgres: {
    rule: 'a URL of the form postgres://user:password@host:port/database',
    accepts: ({ protocol, hostname, pathname }) =>
      /^postgres(?:ql)?:$/.test(protocol) && hostname !== '' && pathname.length > 1,
  },
  http: {
    rule: 'a URL of the form http://host:port or https://host:port',
    // With a user in it, no request could be made.
    accepts: ({ protocol, username, password }) =>
      /^https?:$/.test(protocol) && username === '' && password === '',
  },
} as const satisfies Record<string, UrlForm>;

/** @throws {InvalidOptionError} unless `value` is a URL of that form or `undefined`. Shows no password that is in it. */
export function checkedUrl(name: string, value: string | undefined, form: UrlForm): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  // A scheme that is followed by no slashes makes a URL without a host.
  if (url !== null && value.includes('://') && form.accepts(url)) return value;
  throw new InvalidOptionError(name, form.rule, withoutSecrets(value));
}

/** A password may stand even in what is no URL: everything before the last `@`, or in the query. */
function withoutSecrets(value: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(value) ?? [];
  const at = rest.lastIndexOf('@');
  const place = at === -1 ? rest : `***${rest.slice(at)}`;
  return `${scheme}${place.replace(/[?#].*$/s, '?***')}`.slice(0, 200);
}
