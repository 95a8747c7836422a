import { fieldOf, type HeaderSource } from './header-source.ts';
import { toldInstant } from './told-instant.ts';

/** What the families without policy names tell: one limit. */
export interface NamelessQuota {
  readonly quota: number | undefined;
  readonly remaining: number;
  readonly resetMs: number | undefined;
}

/** Families of three fields: draft -06, and two that never were one but are common. */
const prefixes = ['RateLimit', 'X-RateLimit', 'X-Rate-Limit'];
/** Seconds: a reset this large is an instant, for as a wait it would be 31 years. */
const firstInstant = 1e9;
/** The instant is in milliseconds, for in seconds it would be in the year 5138. */
const firstInstantInMilliseconds = 1e11;

/** Reads the field of draft-ietf-httpapi-ratelimit-headers-07, else the three of a family; `undefined` if there is none. */
export function parseNamelessQuota(headers: HeaderSource, epochMs: number): NamelessQuota | undefined {
  const combined = parseDraft7(fieldOf(headers, 'RateLimit'));
  if (combined !== undefined) return combined;
  for (const prefix of prefixes) {
    const remaining = countOf(fieldOf(headers, `${prefix}-Remaining`));
    if (remaining === undefined) continue;
    return {
      quota: countOf(fieldOf(headers, `${prefix}-Limit`)),
      remaining,
      resetMs: waitOf(fieldOf(headers, `${prefix}-Reset`), epochMs),
    };
  }
  return undefined;
}

/** `limit=20, remaining=7, reset=21` in any order. */
function parseDraft7(field: string | undefined): NamelessQuota | undefined {
  if (field === undefined || !/^\s*[a-z]+=\d{1,15}(?:\s*,\s*[a-z]+=\d{1,15})*\s*$/.test(field))
    return undefined;
  const members = new Map(field.split(',').map((member) => member.trim().split('=') as [string, string]));
  const remaining = countOf(members.get('remaining'));
  if (remaining === undefined) return undefined;
  const reset = countOf(members.get('reset'));
  return {
    quota: countOf(members.get('limit')),
    remaining,
    resetMs: reset === undefined ? undefined : reset * 1_000,
  };
}

/** A whole number, which policies may follow as in `100, 100;w=60`. */
function countOf(field: string | undefined): number | undefined {
  const digits = /^\s*(\d{1,15})\s*(?:,|$)/.exec(field ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Seconds from now, seconds or milliseconds since 1970, or a date: no two servers agree. */
function waitOf(field: string | undefined, epochMs: number): number | undefined {
  if (field === undefined) return undefined;
  const count = /^\s*\d{1,15}(?:\.\d{1,9})?\s*$/.test(field) ? Number(field) : Number.NaN;
  if (count < firstInstant) return Math.ceil(count * 1_000);
  const at = Number.isNaN(count)
    ? toldInstant(field)
    : count * (count < firstInstantInMilliseconds ? 1_000 : 1);
  return at === undefined ? undefined : Math.max(0, Math.ceil(at - epochMs));
}
