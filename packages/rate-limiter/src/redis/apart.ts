import { readingWidth, type LimitRule, type RuleGroup, type Verdict } from '../store.ts';

/** Asks about one group alone; `undefined` if there is no answer. */
export type AskAlone = (group: RuleGroup, subject: string) => Promise<Verdict | undefined>;

/** Takes back what one subject was charged under one group at an instant. */
export type Refund = (group: RuleGroup, subject: string, cost: number, chargedAt: number) => Promise<void>;

/**
 * Decides over scopes that lie in different slots of a cluster: each is asked at the same time, and where one refuses, the
 * others give back what they charged before the decision is told. So no limit is ever passed, and a call that is refused
 * holds a charge for a round trip at most.
 *
 * Returns `undefined` if a scope did not answer; what others charged then stays, as nobody knows what that one did.
 */
export async function decideApart(
  groups: readonly RuleGroup[],
  subjects: readonly string[],
  cost: number,
  ask: AskAlone,
  refund: Refund,
): Promise<Verdict | undefined> {
  const verdicts = await Promise.all(groups.map((group, g) => ask(group, subjects[g] as string)));
  if (!verdicts.every((verdict) => verdict !== undefined)) return undefined;
  const instants = verdicts.flatMap(({ chargedAt }) => chargedAt ?? []);
  const blockedMs = Math.max(...verdicts.map((verdict) => verdict.blockedMs));
  if (cost === 0 || instants.length === groups.length) {
    const readings = verdicts.flatMap((verdict) => Array.from(verdict.readings));
    // The nodes' clocks differ by little; from the earliest instant on, the charge is found on all of them.
    return {
      source: 'redis',
      readings,
      blockedMs,
      chargedAt: cost === 0 ? undefined : Math.min(...instants),
    };
  }
  const settled = groups.map(async (group, g) => {
    const { readings, chargedAt } = verdicts[g] as Verdict;
    if (chargedAt === undefined) return Array.from(readings);
    const rules = group.rules.filter((rule, r) => !rule.countsAttempts && readings[r * readingWidth] === 0);
    await refund({ scope: group.scope, rules }, subjects[g] as string, cost, chargedAt);
    return refunded(group, rules, cost, readings);
  });
  return { source: 'redis', readings: (await Promise.all(settled)).flat(), blockedMs, chargedAt: undefined };
}

/** The readings as they are once these rules have got the cost back: as they had room for it, they have again. */
function refunded(
  group: RuleGroup,
  rules: readonly LimitRule[],
  cost: number,
  readings: ArrayLike<number>,
): readonly number[] {
  return Array.from(readings, (reading, at) => {
    if (!rules.includes(group.rules[Math.floor(at / readingWidth)] as LimitRule)) return reading;
    if (at % readingWidth === 1) return reading + cost;
    return at % readingWidth === 2 ? 0 : reading;
  });
}
