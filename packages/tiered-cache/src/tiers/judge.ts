import type { Clock } from '@holdfast/core';

import type { Authority } from '../coherence/authority.ts';
import type { TagState } from '../coherence/coherent-store.ts';
import { beginning, type Position } from '../coherence/position.ts';
import type { Entry } from '../entry/entry.ts';
import type { Found } from './openings.ts';
import type { Tier } from './tier.ts';

/** One look at the tiers, on the monotonic clock. */
export interface Look {
  readonly askedAt: number;
  /** When it has to be over. */
  readonly until: number;
  /** Nothing older than what was changed at this position is wanted. */
  readonly after: Position;
}

interface JudgeOptions {
  /** The tier that a fleet agrees through, if there is one. */
  readonly shared: Tier | undefined;
  readonly authority: Authority;
  /** Whether tiers without leases are believed while the log cannot be read. */
  readonly unverified: 'load' | 'serve';
  readonly clock: Clock;
}

/**
 * Decides what of the entries that tiers hold may be given out.
 *
 * Invariants:
 * - what is known to be invalidated, itself, by a tag or with everything, is not given out, and what is expired not as fresh;
 * - what the log has not told yet is asked for, and without an answer nothing is given out that it could be about.
 */
export class Judge {
  readonly #options: JudgeOptions;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** What of the found may be given out, which changes `found`; a promise only if a tier has to be asked for that. */
  judged(
    tier: Tier,
    found: Map<string, Found>,
    look: Look,
  ): ReadonlyMap<string, Found> | Promise<ReadonlyMap<string, Found>> {
    const { authority, clock, shared, unverified } = this.#options;
    if (found.size === 0) return found;
    if (!authority.isReady) return unverified === 'serve' && tier !== shared ? found : nothing;
    const { invalidations } = authority;
    const hasHeard = shared === undefined || look.after <= invalidations.heard;
    const trusted = hasHeard && clock.now() < invalidations.trust.until;
    if (!trusted && tier !== shared && (unverified === 'load' || !hasHeard)) return nothing;
    const confirms = !trusted && tier === shared;
    const tags = new Set<string>();
    for (const { entry } of found.values()) {
      if (entry.tags === undefined) continue;
      for (const tag of confirms ? entry.tags : invalidations.unknownTags(entry)) tags.add(tag);
    }
    if (!confirms && tags.size === 0) return this.#verdicts(tier, found, undefined);
    return this.#asked(tier, found, { ...look, confirms, tags: [...tags] });
  }

  /** Asks what the log would have told, had it been heard: entries are not removed when their tag or everything is. */
  async #asked(
    tier: Tier,
    found: Map<string, Found>,
    {
      askedAt,
      until,
      confirms,
      tags,
    }: Look & { readonly confirms: boolean; readonly tags: readonly string[] },
  ): Promise<ReadonlyMap<string, Found>> {
    const { shared } = this.#options;
    if (tags.length > 0 && !(await this.#learn(shared ?? tier, tags, this.#leftMs(until)))) return nothing;
    // After the tags: a store that has forgotten everything says of each that it was never invalidated.
    if (shared !== undefined && !(await this.#confirm(this.#leftMs(until)))) return nothing;
    return this.#verdicts(tier, found, confirms ? askedAt : undefined);
  }

  /** Takes out what has been invalidated, and lowers the expiry of what has been expired, itself or by a tag. */
  #verdicts(tier: Tier, found: Map<string, Found>, asOf: number | undefined): ReadonlyMap<string, Found> {
    const now = this.#options.clock.now();
    for (const [key, one] of found) {
      if (!this.#isGood(tier, key, one.entry, now)) found.delete(key);
      else if (asOf !== undefined) found.set(key, { ...one, asOf });
    }
    return found;
  }

  #isGood(tier: Tier, key: string, entry: Entry, now: number): boolean {
    const { authority, clock, shared } = this.#options;
    const { invalidations } = authority;
    const unguarded = shared !== undefined && (tier !== shared || entry.moved);
    if (unguarded && shared.owes(key)) return false;
    const verdict = unguarded ? invalidations.judgeUnguarded(key, entry) : invalidations.judge(entry);
    if (verdict === 'gone') return false;
    if (verdict === 'expired') entry.expire(invalidations.expiredAt(entry, clock));
    if (invalidations.isExpired(key, entry)) entry.expire(now);
    entry.tagsGoodAt = verdict === 'good' ? invalidations.tagChanges : -1;
    return entry.goneAt > now;
  }

  async #confirm(limitMs: number): Promise<boolean> {
    const { authority, shared } = this.#options;
    const state = limitMs > 0 ? await shared?.state(limitMs) : undefined;
    if (state === undefined || state.epoch !== authority.invalidations.epoch) return false;
    authority.invalidations.follow(state, beginning);
    return true;
  }

  async #learn(tier: Tier, tags: readonly string[], limitMs: number): Promise<boolean> {
    const states = limitMs > 0 ? await tier.tags(tags, limitMs) : undefined;
    if (states === undefined) return false;
    for (const tag of tags) this.#options.authority.invalidations.learn(tag, states.get(tag) ?? never);
    return true;
  }

  #leftMs(until: number): number {
    return until - this.#options.clock.now();
  }
}

const never: TagState = { deleted: beginning, expired: beginning };

/** Stateless. */
const nothing: ReadonlyMap<string, Found> = new Map();
