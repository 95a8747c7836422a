import { ageHeader, type Answer, answerOf } from './answer.ts';
import { type CacheOutcome, cacheStatus, forwarded, type Forwarding } from './cache-status.ts';
import type { Conditions } from './conditions.ts';
import type { ResolvedResponseOptions } from './options.ts';
import type { RecentPasses } from './recent-passes.ts';
import type { ResponseCounts } from './statistics.ts';
import { stalenessMs, type StoredResponse } from './stored-response.ts';
import type { Pass } from './turn.ts';
import type { Variants } from './variants.ts';

/** What all requests to one response cache share. */
export interface Workings<R> {
  readonly options: ResolvedResponseOptions<R>;
  readonly counts: ResponseCounts;
  readonly passes: RecentPasses;
  readonly variants: Variants;
}

/** The answer from a response, counted. */
export function counted<R>(
  { options, counts }: Workings<R>,
  response: StoredResponse,
  conditions: Conditions,
  outcome: CacheOutcome,
): Answer {
  const now = options.clock.epoch();
  const status = cacheStatus(options.cacheStatus, outcome, response, now);
  // What has just been made has an age only if it had one when it came, as from a cache further away.
  const isNew = outcome === 'stored' && now - response.generatedAt < 1_000;
  const more = isNew ? status : [ageHeader(response, now), ...status];
  const answer = answerOf(response, conditions, more);
  if (outcome !== 'stored') counts.hits += 1;
  if (outcome !== 'stored' && stalenessMs(response, now) >= 0) counts.staleHits += 1;
  if (answer.status === 304) counts.notModified += 1;
  return answer;
}

/** Leaves a request to its handler, counted. */
export function passed<R>({ options, counts }: Workings<R>, why: Forwarding): Pass {
  counts.passes += 1;
  return { kind: 'pass', headers: forwarded(options.cacheStatus, why) };
}
