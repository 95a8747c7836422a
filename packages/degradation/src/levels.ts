import { atLeast, duration, InvalidOptionError } from '@holdfast/core';

/** How much of the service is offered: all of it, without what can be missed, or only what is critical. */
export type Level = 'normal' | 'reduced' | 'critical';

/** From the best to the worst. */
export const levels: readonly Level[] = ['normal', 'reduced', 'critical'];

export interface LevelOptions {
  /** Score at which the level begins. */
  readonly enter?: number | undefined;
  /** How long the score has to be there, in milliseconds. */
  readonly enterMs?: number | undefined;
  /** Score below which the level ends; under `enter`. */
  readonly exit?: number | undefined;
  /** How long the score has to be there, in milliseconds. */
  readonly exitMs?: number | undefined;
  /** Shortest time in the level before it may end, in milliseconds. */
  readonly dwellMs?: number | undefined;
}

export interface LevelsOptions {
  /** Defaults to enter at 0.80 for 1,000 ms, exit below 0.70 for 5,000 ms, dwell of 10,000 ms. */
  readonly reduced?: LevelOptions | undefined;
  /** Defaults to enter at 0.95 for 500 ms, exit below 0.85 for 5,000 ms, dwell of 10,000 ms. */
  readonly critical?: LevelOptions | undefined;
}

export type LevelRule = { readonly [Option in keyof LevelOptions]-?: number };

export interface LevelRules {
  readonly reduced: LevelRule;
  readonly critical: LevelRule;
}

export function resolveLevels(options: LevelsOptions = {}): LevelRules {
  const reduced = resolveLevel('reduced', options.reduced ?? {}, { enter: 0.8, enterMs: 1_000, exit: 0.7 });
  const critical = resolveLevel('critical', options.critical ?? {}, {
    enter: 0.95,
    enterMs: 500,
    exit: 0.85,
  });
  if (critical.enter < reduced.enter)
    throw new InvalidOptionError('levels.critical.enter', 'at least levels.reduced.enter', critical.enter);
  return { reduced, critical };
}

function resolveLevel(
  level: string,
  options: LevelOptions,
  defaults: { readonly enter: number; readonly enterMs: number; readonly exit: number },
): LevelRule {
  const enter = atLeast(`levels.${level}.enter`, options.enter ?? defaults.enter, 0);
  const exit = atLeast(`levels.${level}.exit`, options.exit ?? Math.min(defaults.exit, enter), 0);
  if (exit > enter)
    throw new InvalidOptionError(`levels.${level}.exit`, `at most levels.${level}.enter`, exit);
  return {
    enter,
    exit,
    enterMs: duration(`levels.${level}.enterMs`, options.enterMs ?? defaults.enterMs),
    exitMs: duration(`levels.${level}.exitMs`, options.exitMs ?? 5_000),
    dwellMs: duration(`levels.${level}.dwellMs`, options.dwellMs ?? 10_000),
  };
}

/**
 * Turns scores into a level, with hysteresis.
 *
 * - Up: the score has been at or over `enter` for `enterMs`; from normal straight to critical if need be.
 * - Down: one step, after `dwellMs` in the level, and only when the score has been below `exit` for `exitMs`.
 *
 * A sample stands for one interval, however late it comes: a process that was suspended does not see load where it saw
 * nothing. The level depends on the samples alone, so a recorded run can be replayed.
 */
export class LevelMachine {
  readonly #rules: LevelRules;
  #level: Level = 'normal';
  #enteredAt = 0;
  /** How long the score has been where it would change the level. */
  #overReducedMs = 0;
  #overCriticalMs = 0;
  #belowReducedMs = 0;
  #belowCriticalMs = 0;

  constructor(rules: LevelRules) {
    this.#rules = rules;
  }

  get level(): Level {
    return this.#level;
  }

  /** Until the level may end at the earliest, if the score falls at once. */
  calmAfterMs(now: number): number {
    if (this.#level === 'normal') return 0;
    const { dwellMs, exitMs } = this.#rules[this.#level];
    return Math.max(this.#enteredAt + dwellMs - now, exitMs);
  }

  /** Takes one sample, worth `intervalMs`; returns the level. */
  sample(score: number, now: number, intervalMs: number): Level {
    const { reduced, critical } = this.#rules;
    this.#overReducedMs = score >= reduced.enter ? this.#overReducedMs + intervalMs : 0;
    this.#overCriticalMs = score >= critical.enter ? this.#overCriticalMs + intervalMs : 0;
    this.#belowReducedMs = score < reduced.exit ? this.#belowReducedMs + intervalMs : 0;
    this.#belowCriticalMs = score < critical.exit ? this.#belowCriticalMs + intervalMs : 0;
    const next = this.#next(now);
    if (next !== this.#level) {
      this.#level = next;
      this.#enteredAt = now;
    }
    return next;
  }

  #next(now: number): Level {
    const { reduced, critical } = this.#rules;
    if (this.#overCriticalMs > 0 && this.#overCriticalMs >= critical.enterMs) return 'critical';
    if (this.#level === 'normal')
      return this.#overReducedMs > 0 && this.#overReducedMs >= reduced.enterMs ? 'reduced' : 'normal';
    const rule = this.#rules[this.#level];
    if (now - this.#enteredAt < rule.dwellMs) return this.#level;
    if (this.#level === 'critical')
      return this.#ended(this.#belowCriticalMs, critical) ? 'reduced' : 'critical';
    return this.#ended(this.#belowReducedMs, reduced) ? 'normal' : 'reduced';
  }

  #ended(belowMs: number, { exitMs }: LevelRule): boolean {
    return belowMs > 0 && belowMs >= exitMs;
  }
}
