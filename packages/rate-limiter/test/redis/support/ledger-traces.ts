import type { ManualClock } from '@holdfast/core/testing';
import type { Ledger, LimitRule, RuleGroup, Verdict } from '@holdfast/rate-limiter';
import fc from 'fast-check';

/** What is done to a ledger. `rules` are places in the plan; they are asked about by scope. */
export type Step =
  | {
      readonly do: 'decide';
      readonly gapMs: number;
      readonly rules: readonly number[];
      readonly user: string;
      readonly cost: number;
      readonly factor: number;
    }
  | { readonly do: 'adjust'; readonly gapMs: number; readonly back: number; readonly cost: number }
  | {
      readonly do: 'penalize';
      readonly gapMs: number;
      readonly rules: readonly number[];
      readonly user: string;
      readonly cost: number;
    }
  | { readonly do: 'block'; readonly gapMs: number; readonly user: string; readonly forMs: number }
  | {
      readonly do: 'reset';
      readonly gapMs: number;
      readonly rules: readonly number[] | undefined;
      readonly user: string;
    };

/**
 * Windows are seconds and calls are told by a clock that stands still, so that no key expires while a trace is played.
 */
const windowsMs = fc.integer({ min: 5, max: 200 }).map((seconds) => seconds * 1_000);

const anyRule = fc.record({
  mode: fc.constantFrom('strict' as const, 'smooth' as const),
  limit: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 33, max: 40 })),
  windowMs: windowsMs,
  burst: fc.integer({ min: 1, max: 9 }),
  countsAttempts: fc.constantFrom(false, false, true),
  shadow: fc.constantFrom(false, false, true),
  minFactor: fc.constantFrom(1, 1, 0.1, 0.5),
});

/** Plans of up to four limits, the first of which are the users' own and the others everybody's. */
export const plans: fc.Arbitrary<readonly LimitRule[]> = fc
  .tuple(fc.array(anyRule, { minLength: 1, maxLength: 3 }), fc.array(anyRule, { maxLength: 1 }))
  .map(([own, shared]) =>
    [...own, ...shared].map(({ mode, limit, burst, ...rest }, index) =>
      Object.assign(rest, {
        mode,
        limit,
        burst: mode === 'strict' ? limit : burst,
        cells: mode === 'strict' && limit > 32 ? 32 : 0,
        name: `limit ${index}`,
        scope: index < own.length ? 'user' : 'global',
        tag: undefined,
        onStoreError: 'local' as const,
        index,
      }),
    ),
  );

const gapMs = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 2_000 }),
  fc.integer({ min: 0, max: 12_000 }),
  fc.integer({ min: 0, max: 60_000 }),
);
const user = fc.constantFrom('alice', 'bob');
const rules = fc.subarray([0, 1, 2, 3], { minLength: 1 });

const decisions: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('decide' as const),
  gapMs,
  rules,
  user,
  cost: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 9 })),
  factor: fc.oneof(fc.constant(1), fc.double({ min: 0.05, max: 1, noNaN: true })),
});

const corrections: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('adjust' as const),
    gapMs,
    back: fc.nat(4),
    cost: fc.integer({ min: -5, max: 5 }),
  }),
  fc.record({
    do: fc.constant('penalize' as const),
    gapMs,
    rules,
    user,
    cost: fc.oneof(fc.integer({ min: -9, max: -1 }), fc.integer({ min: 1, max: 9 })),
  }),
  fc.record({ do: fc.constant('block' as const), gapMs, user, forMs: fc.constantFrom(0, 10_000, 50_000) }),
  fc.record({ do: fc.constant('reset' as const), gapMs, rules: fc.option(rules, { nil: undefined }), user }),
);

export const onlyDecisions: fc.Arbitrary<readonly Step[]> = fc.array(decisions, {
  maxLength: 40,
  size: 'max',
});
const stepsAnywhere = fc.array(
  fc.oneof({ weight: 3, arbitrary: decisions }, { weight: 1, arbitrary: corrections }),
  { maxLength: 40, size: 'max' },
);

/** One subject under all limits, corrected about as often as charged, within few cells: most of what it spends is given back. */
const stepsCloseBy = fc
  .array(fc.tuple(fc.oneof(decisions, corrections), fc.constantFrom(0, 0, 40, 200, 1_000)), {
    maxLength: 40,
    size: 'max',
  })
  .map((steps) =>
    steps.map(([step, closeMs]): Step =>
      step.do === 'adjust'
        ? { ...step, gapMs: closeMs }
        : { ...step, gapMs: closeMs, user: 'alice', ...(step.do !== 'block' && { rules: [0, 1, 2, 3] }) },
    ),
  );

export const anySteps: fc.Arbitrary<readonly Step[]> = fc.oneof(stepsAnywhere, stepsCloseBy);

/** The groups of a plan that a trace asks about, as a limiter selects them: the same ones each time. */
export class Groups {
  readonly #plan: readonly LimitRule[];
  readonly #made = new Map<string, readonly RuleGroup[]>();

  constructor(plan: readonly LimitRule[]) {
    this.#plan = plan;
  }

  of(places: readonly number[]): readonly RuleGroup[] {
    const key = places.join();
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    const chosen = this.#plan.filter(({ index }) => places.includes(index));
    const groups = ['user', 'global']
      .map((scope) => ({ scope, rules: chosen.filter((rule) => rule.scope === scope) }))
      .filter(({ rules: own }) => own.length > 0);
    this.#made.set(key, groups);
    return groups;
  }
}

/** Plays a trace and returns every verdict, in order. */
export async function playOn(
  ledger: Ledger,
  clock: ManualClock,
  plan: readonly LimitRule[],
  steps: readonly Step[],
): Promise<Verdict[]> {
  const groups = new Groups(plan);
  const verdicts: Verdict[] = [];
  const charges: {
    readonly groups: readonly RuleGroup[];
    readonly subjects: string[];
    readonly at: number;
  }[] = [];
  const subjectsOf = (asked: readonly RuleGroup[], name: string): string[] =>
    asked.map(({ scope }) => (scope === 'user' ? name : ''));
  for (const step of steps) {
    clock.advanceSync(step.gapMs);
    if (step.do === 'block') await ledger.block('user', step.user, step.forMs);
    if (step.do === 'reset') {
      const own = step.rules && groups.of(step.rules).find(({ scope }) => scope === 'user');
      await ledger.reset(
        'user',
        step.user,
        step.rules === undefined ? undefined : (own?.rules ?? [plan[0] as LimitRule]),
      );
    }
    if (step.do === 'adjust') {
      const [charge] = charges.splice(-1 - step.back, 1);
      if (charge !== undefined) await ledger.adjust(charge.groups, charge.subjects, step.cost, charge.at);
    }
    if (step.do !== 'decide' && step.do !== 'penalize') continue;
    const asked = groups.of(step.rules);
    if (asked.length === 0) continue;
    const subjects = subjectsOf(asked, step.user);
    if (step.do === 'penalize') {
      await ledger.penalize(asked, subjects, step.cost);
      continue;
    }
    const verdict = await ledger.decide(asked, subjects, step.cost, step.factor);
    verdicts.push(verdict);
    const { chargedAt: at, readings } = verdict;
    if (at !== undefined) charges.push({ groups: chargedOf(asked, readings), subjects, at });
  }
  return verdicts;
}

/** What a decision corrects: the rules that were charged and do not count attempts. */
function chargedOf(groups: readonly RuleGroup[], readings: ArrayLike<number>): readonly RuleGroup[] {
  let at = -4;
  return groups.map(({ scope, rules: all }) => ({
    scope,
    rules: all.filter(({ countsAttempts }) => readings[(at += 4)] === 0 && !countsAttempts),
  }));
}

/** What a verdict says, whoever says it; times in whole microseconds. */
export function saying({ readings, blockedMs, chargedAt }: Verdict): unknown {
  const inMicroseconds = (ms: number): number => Math.ceil(Number((ms * 1_000).toFixed(3)));
  return {
    readings: Array.from(readings, (reading, at) => (at % 4 < 2 ? reading : inMicroseconds(reading))),
    blockedMs,
    charged: chargedAt !== undefined,
  };
}
