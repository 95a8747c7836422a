import type { ToldDecision, ToldSubject } from './told-decision.ts';

const longestSpreadSeconds = 5;
const spreadRatio = 0.25;
/** For a refusal by no limit, as that of a blocked subject. */
const defaultWindowMs = 60_000;

/**
 * The seconds of `Retry-After`: a whole number of at least 1 (RFC 9110 section 10.2.3), not before the call could pass nor
 * before `earliestSeconds`. Up to a quarter is added, at most 5 s, so that the clients that were refused together do not
 * come back together: by a hash of subject and window, the same for all answers to a subject within a window.
 */
export function retryAfterSeconds(
  decision: ToldDecision,
  earliestSeconds: number,
  subject: ToldSubject | undefined,
  epochMs: number,
): number {
  const seconds = Math.max(1, Math.ceil(decision.retryAfterMs / 1_000), earliestSeconds);
  if (subject === undefined) return seconds;
  const windowMs = decision.limits[decision.violated[0] ?? '']?.windowMs ?? defaultWindowMs;
  const share = fractionOf(`${textOf(subject)}\n${Math.floor(epochMs / windowMs)}`);
  return Math.ceil(seconds + Math.min(seconds * spreadRatio, longestSpreadSeconds) * share);
}

function textOf(subject: ToldSubject): string {
  return typeof subject === 'string' ? subject : Object.values(subject).join('\n');
}

/** A stable fraction from 0 to 1: FNV-1a, mixed by the finaliser of MurmurHash3 so that all bits count. */
function fractionOf(value: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let i = 0; i < value.length; i += 1) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01_00_01_93);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
