import { type LimitRule, readingWidth, type RuleGroup } from '../../store.ts';
import type { LeasedLimit } from './leased-limit.ts';

/** Groups whose rules are told by two: some by leases, the others by the server. */
export interface Split {
  readonly leased: readonly LeasedLimit[];
  /** The groups without the leased rules, and without those in which no other is. */
  readonly others: readonly RuleGroup[];
  /** Which of the groups each of the others was. */
  readonly places: readonly number[];
  /** For each rule of the groups, in order: its lease, or `undefined` where the server tells. */
  readonly tellers: readonly (LeasedLimit | undefined)[];
}

/** @param leases - By index in the plan. */
export function split(groups: readonly RuleGroup[], leases: readonly (LeasedLimit | undefined)[]): Split {
  const tellers = groups.flatMap(({ rules }) => rules.map(({ index }) => leases[index]));
  const isAsked = ({ index }: LimitRule): boolean => leases[index] === undefined;
  const places = groups.flatMap(({ rules }, g) => (rules.some(isAsked) ? g : []));
  const others = places.map((g) => {
    const { scope, rules } = groups[g] as RuleGroup;
    return { scope, rules: rules.filter(isAsked) };
  });
  return { leased: tellers.filter((teller) => teller !== undefined), others, places, tellers };
}

/** The readings of all the rules, in order, from those that the server told. */
export function joinReadings({ tellers }: Split, told: ArrayLike<number>, now: number): readonly number[] {
  const readings: number[] = [];
  let at = 0;
  for (const teller of tellers) {
    if (teller === undefined) {
      for (const past = at + readingWidth; at < past; at += 1) readings.push(told[at] as number);
      continue;
    }
    const remaining = teller.remainingAt(now);
    readings.push(0, remaining, 0, emptyMsOf(teller.rule, remaining));
  }
  return readings;
}

/** Others may charge it at any time: until nothing counts it takes as long as from now. */
function emptyMsOf({ mode, burst, limit, windowMs }: LimitRule, remaining: number): number {
  return mode === 'strict' ? windowMs : Math.max(0, (burst - remaining) * windowMs) / limit;
}
