/** One call as its caller saw it: when it began and ended, and what came out. */
export interface Observed {
  readonly beganAt: number;
  readonly endedAt: number;
  readonly cost: number;
  readonly allowed: boolean;
  /** Of the limit, after the call. */
  readonly remaining: number;
}

/**
 * What is wrong with a history of calls of one subject under one strict limit, within a time in which nothing runs out; empty
 * if some order of the calls explains all of them: one in which each takes effect between its beginning and its end.
 *
 * Admissions can come in one order only, that of what they left. A refusal fits wherever too little was left.
 *
 * @see Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent Objects", TOPLAS 12(3), 1990
 */
export function unexplained(limit: number, history: readonly Observed[]): readonly string[] {
  const admitted = history.filter(({ allowed }) => allowed).toSorted((a, b) => b.remaining - a.remaining);
  const complaints: string[] = [];
  let left = limit;
  let latestBegin = -Infinity;
  for (const { beganAt, endedAt, cost, remaining } of admitted) {
    left -= cost;
    if (remaining !== left) complaints.push(`an admission left ${remaining}, not ${left}`);
    if (endedAt < latestBegin)
      complaints.push(`an admission took effect after one that began when it had ended`);
    latestBegin = Math.max(latestBegin, beganAt);
  }
  for (const refused of history.filter(({ allowed }) => !allowed)) {
    const before = admitted.filter(({ beganAt }) => beganAt <= refused.endedAt).length;
    const leastLeft = admitted.slice(0, before).reduce((rest, { cost }) => rest - cost, limit);
    if (leastLeft >= refused.cost)
      complaints.push(`a cost of ${refused.cost} was refused while at least ${leastLeft} was left`);
  }
  return complaints;
}
