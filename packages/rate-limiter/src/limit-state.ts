import { type LimitRule, readingWidth } from './store.ts';

/** Where one limit stands after a decision. */
export interface LimitState {
  readonly mode: 'strict' | 'smooth';
  /** Cost admitted per window, as configured: a factor below 1 shows in `remaining`. */
  readonly limit: number;
  readonly windowMs: number;
  /** Cost that may pass at once; the limit itself if the mode is strict. */
  readonly burst: number;
  /** Whose spending counts; `'global'` is everybody's. */
  readonly by: string;
  /** Cost that would still pass at this instant. */
  readonly remaining: number;
  /** Until this limit would let the same call pass, of cost 1 at least; 0 for now, `Infinity` for never. Rounded up. */
  readonly retryAfterMs: number;
  /** Until nothing counts any more, if nobody calls. Rounded up. */
  readonly resetMs: number;
  /** Had no room for this call; unless it is a shadow limit, it refused. */
  readonly exceeded: boolean;
  readonly shadow: boolean;
  readonly countsAttempts: boolean;
}

/** Puts the readings of the rule at `place` in a decision into words. */
export function limitStateOf(rule: LimitRule, readings: ArrayLike<number>, place: number): LimitState {
  const { mode, limit, windowMs, burst, scope, shadow, countsAttempts } = rule;
  return {
    mode,
    limit,
    windowMs,
    burst,
    by: scope,
    remaining: remainingOf(readings, place),
    retryAfterMs: retryAfterMsOf(readings, place),
    resetMs: Math.ceil(readings[place * readingWidth + 3] as number),
    exceeded: isExceeded(readings, place),
    shadow,
    countsAttempts,
  };
}

export function isExceeded(readings: ArrayLike<number>, place: number): boolean {
  return readings[place * readingWidth] === 1;
}

export function remainingOf(readings: ArrayLike<number>, place: number): number {
  return readings[place * readingWidth + 1] as number;
}

export function retryAfterMsOf(readings: ArrayLike<number>, place: number): number {
  return Math.ceil(readings[place * readingWidth + 2] as number);
}
