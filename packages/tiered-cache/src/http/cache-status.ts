import { type HeaderPair, joined } from './handler-response.ts';
import { stalenessMs, type StoredResponse } from './stored-response.ts';

/** How a request came by its answer. */
export type CacheOutcome =
  /** From what is stored; stale while another is made, if need be. */
  | 'hit'
  /** From the run of somebody else's handler that it waited for. */
  | 'collapsed'
  /** From its own handler, and stored. */
  | 'stored'
  /** From what is stored, because its own handler failed. */
  | 'instead';

/** Why a request went to its handler and nothing was kept: nothing held, no business of the cache, the client's wish. */
export type Forwarding = 'miss' | 'bypass' | 'request';

const parameters: Readonly<Record<Exclude<CacheOutcome, 'hit'>, string>> = {
  collapsed: 'fwd=miss; collapsed',
  stored: 'fwd=miss; stored',
  instead: 'fwd=stale',
};

/**
 * The field that tells how an answer came about, behind what caches further away have said.
 *
 * @param cache - Name of this cache; `undefined` tells nothing.
 * @see RFC 9211
 */
export function cacheStatus(
  cache: string | undefined,
  outcome: CacheOutcome,
  response: StoredResponse,
  now: number,
): readonly HeaderPair[] {
  if (cache === undefined) return [];
  const restSeconds = Math.floor(-stalenessMs(response, now) / 1_000);
  const told = outcome === 'hit' ? `hit; ttl=${restSeconds}` : parameters[outcome];
  const before = response.headers.find(([name]) => name === 'cache-status')?.[1];
  const own = `${cache}; ${told}`;
  return [['cache-status', before === undefined ? own : `${joined(before)}, ${own}`]];
}

/** The same for an answer that is the handler's alone. */
export function forwarded(cache: string | undefined, why: Forwarding): readonly HeaderPair[] {
  return cache === undefined ? [] : [['cache-status', `${cache}; fwd=${why}`]];
}
