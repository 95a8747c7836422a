import { type LimitRule, readingWidth, type RuleGroup, type Verdict } from '../store.ts';

/** What a reply of `decide` says about one call. */
export interface Answer {
  readonly verdict: Verdict;
  /** For how many milliseconds the subject of each group is blocked. */
  readonly blockedMs: readonly number[];
  /** Where the next call's answer begins. */
  readonly next: number;
}

/** Reads the part of a reply that begins at `at`, as `decide.lua.ts` tells it. */
export function answerOf(
  groups: readonly RuleGroup[],
  cost: number,
  reply: readonly unknown[],
  at: number,
): Answer {
  const readings: number[] = [];
  const blockedMs: number[] = [];
  const isPlain = Number(reply[at]) !== -3;
  let next = isPlain ? at : at + 2;
  let longestMs = 0;
  let refused = false;
  for (let g = 0; g < groups.length; g += 1) {
    const { rules } = groups[g] as RuleGroup;
    const ownMs = isPlain ? 0 : Number(reply[next]) / 1_000;
    if (!isPlain) next += 1;
    blockedMs.push(ownMs);
    if (ownMs > longestMs) longestMs = ownMs;
    for (let r = 0; r < rules.length; r += 1) {
      const first = Number(reply[next]);
      if (first >= 0) {
        const { mode, windowMs } = rules[r] as LimitRule;
        const isStrict = mode === 'strict';
        readings.push(0, first, 0, isStrict ? windowMs : Number(reply[next + 1]) / 1_000);
        next += isStrict ? 1 : 2;
        continue;
      }
      const waitUs = Number(reply[next + 2]);
      const exceeded = first === -2;
      if (exceeded && rules[r]?.shadow === false) refused = true;
      readings.push(
        exceeded ? 1 : 0,
        Number(reply[next + 1]),
        waitUs === -1 ? Infinity : waitUs / 1_000,
        Number(reply[next + 3]) / 1_000,
      );
      next += readingWidth;
    }
  }
  const charged = !refused && longestMs === 0 && cost > 0;
  const chargedAt = charged ? Number(reply[isPlain ? 1 : at + 1]) : undefined;
  return { verdict: { source: 'redis', readings, blockedMs: longestMs, chargedAt }, blockedMs, next };
}
