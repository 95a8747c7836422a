/** What a call says about the dependency: it works, it does not, or nothing at all. */
export type Verdict = 'success' | 'failure' | 'ignore';

/** Judges the outcome of one call; `undefined` leaves it to the default. */
export type Classify = (outcome: PromiseSettledResult<unknown>) => Verdict | undefined;
