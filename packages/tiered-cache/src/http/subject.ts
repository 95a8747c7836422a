import { hash } from 'node:crypto';

import type { Incoming } from './incoming.ts';
import type { ResolvedResponseOptions } from './options.ts';
import { toldName } from './told.ts';

/** What a request asks for, and on whose behalf. */
export interface Subject {
  readonly key: string;
  /** Whether the response goes to anybody who asks, and not to one user alone. */
  readonly shared: boolean;
  /** The request has credentials and nobody says whose: only what is `public` may be shared with it. */
  readonly unidentified: boolean;
}

/**
 * Two requests have the same key exactly if they agree in method class, scheme, host, path, query, identity and the
 * headers of the option `vary`. The parts are written as JSON, which is different for different lists of texts, and
 * hashed, so that neither length nor content of a key depends on the client.
 */
export function subjectOf<R>(incoming: Incoming<R>, options: ResolvedResponseOptions<R>): Subject {
  const { name, vary, credentialHeaders } = options;
  const user = toldName('identity', options.identity?.(incoming.request));
  const resource = toldName('key', options.key?.(incoming.request));
  const parts = [
    name,
    resource === undefined ? resourceOf(incoming) : [resource],
    user === undefined ? [] : [user],
    vary.map((field) => selectingValue(field, incoming)),
  ];
  return {
    key: digest(parts),
    shared: user === undefined,
    unidentified:
      user === undefined && credentialHeaders.some((field) => incoming.header(field) !== undefined),
  };
}

/** What all that is stored for a URL is marked with, whoever it is for. */
export function urlTag<R>(incoming: Incoming<R>, name: string): string {
  return `http:${digest([name, resourceOf(incoming)])}`;
}

/** A key or mark that says nothing about its parts and has no length limit to fear. */
export function digest(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url');
}

/**
 * A request header as responses are selected by it. The order of codings in `Accept-Encoding` means nothing; of other
 * fields nothing is known, so they are compared as they are.
 */
export function selectingValue<R>(field: string, incoming: Incoming<R>): string | null {
  const value = incoming.header(field);
  if (value === undefined) return null;
  if (field !== 'accept-encoding') return value.trim();
  const codings = value.toLowerCase().replaceAll(/[ \t]/g, '').split(',');
  return codings
    .filter((coding) => coding !== '')
    .toSorted()
    .join();
}

function resourceOf<R>({ origin, target }: Incoming<R>): readonly [origin: string, target: string] {
  return [origin.toLowerCase(), normalTarget(target)];
}

/**
 * Path and query with the parameters in the order of their names, those of the same name in the order that they came.
 * Empty parameters are left out. Letters and percent-encoding stay as they are.
 */
function normalTarget(target: string): string {
  const mark = target.indexOf('?');
  if (mark === -1) return target;
  const parameters = target
    .slice(mark + 1)
    .split('&')
    .filter((parameter) => parameter !== '');
  if (parameters.length === 0) return target.slice(0, mark);
  const sorted = parameters.length === 1 ? parameters : parameters.toSorted(byName);
  return `${target.slice(0, mark)}?${sorted.join('&')}`;
}

function byName(one: string, other: string): number {
  const [a, b] = [nameOf(one), nameOf(other)];
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function nameOf(parameter: string): string {
  const equals = parameter.indexOf('=');
  return equals === -1 ? parameter : parameter.slice(0, equals);
}
