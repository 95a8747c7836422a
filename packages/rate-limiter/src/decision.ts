import { type DecisionSource, type LimitRule, readingWidth, type Verdict } from './store.ts';

/** Where one limit stands after a decision. */
export interface LimitState {
  /** Cost admitted per window at most. */
  readonly limit: number;
  readonly windowMs: number;
  /** Whose spending counts; `'global'` is everybody's. */
  readonly by: string;
  /** Cost that would still pass at this instant. */
  readonly remaining: number;
  /** Until this limit would let the same call pass, of cost 1 at least; 0 for now, `Infinity` for never. Rounded up. */
  readonly retryAfterMs: number;
  /** Until nothing counts any more, if nobody calls. Rounded up. */
  readonly resetMs: number;
}

/** What a limiter says about one call. */
export interface Decision<Name extends string = string> {
  readonly allowed: boolean;
  /** `'local'`: the store failed and this process decided by its own share of the limits. */
  readonly source: DecisionSource;
  /** The limit that matters most: of those that refused, the one with the longest wait; else the one with the least
   * of its quota left. `undefined` if no limit applied to the call. */
  readonly binding: Name | undefined;
  /** Every limit that refused; empty if the call was allowed. */
  readonly violated: readonly Name[];
  /** The limits that applied to the call. */
  readonly limits: { readonly [Limit in Name]?: LimitState };
  /** Until the same call could pass, if nobody else calls: 0 if allowed, `Infinity` if `impossible`. */
  readonly retryAfterMs: number;
  /** The cost is more than a limit that refused ever admits: no wait helps. */
  readonly impossible: boolean;
}

const nothing: readonly never[] = [];

/** The decision about a call to which no limit applied. */
export function unlimited<Name extends string>(source: DecisionSource): Decision<Name> {
  return {
    allowed: true,
    source,
    binding: undefined,
    violated: nothing,
    limits: {},
    retryAfterMs: 0,
    impossible: false,
  };
}

/** Puts a ledger's readings into words. */
export function decisionOf<Name extends string>(
  rules: readonly LimitRule[],
  { source, readings }: Verdict,
): Decision<Name> {
  const limits: Record<string, LimitState> = {};
  let violated: Name[] | undefined;
  let longestMs = 0;
  let slowest: string | undefined;
  let scarcest: string | undefined;
  let least = Infinity;
  for (let i = 0; i < rules.length; i += 1) {
    const { name, limit, windowMs, scope } = rules[i] as LimitRule;
    const at = i * readingWidth;
    const remaining = readings[at + 1] as number;
    const retryAfterMs = Math.ceil(readings[at + 2] as number);
    const resetMs = Math.ceil(readings[at + 3] as number);
    limits[name] = { limit, windowMs, by: scope, remaining, retryAfterMs, resetMs };
    if (readings[at] === 1) {
      (violated ??= []).push(name as Name);
      if (slowest === undefined || retryAfterMs > longestMs) [slowest, longestMs] = [name, retryAfterMs];
    } else if (remaining / limit < least) {
      [scarcest, least] = [name, remaining / limit];
    }
  }
  return {
    allowed: violated === undefined,
    source,
    binding: (slowest ?? scarcest) as Name | undefined,
    violated: violated ?? nothing,
    limits: limits as Decision<Name>['limits'],
    retryAfterMs: longestMs,
    impossible: longestMs === Infinity,
  };
}
