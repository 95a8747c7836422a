import type { Clock } from '@holdfast/core';
import type { Penalty } from './limit-options.ts';
import type { LimitRule } from './store.ts';

/** Subjects whose blocks are remembered; more of them let the one go that was blocked longest ago. */
const mostOffenders = 10_000;
/** A subject that keeps quiet for so many first blocks starts anew. */
const quietBlocks = 10;

interface Offender {
  readonly blocks: number;
  readonly blockedUntil: number;
}

/** How long a refusal blocks a subject: each block twice as long as the last, up to the penalty's longest. */
export class Penalties {
  readonly #penalties: readonly (Penalty | undefined)[];
  readonly #clock: Clock;
  /** The one blocked longest ago first. */
  readonly #offenders = new Map<string, Offender>();

  constructor(penalties: readonly (Penalty | undefined)[], clock: Clock) {
    this.#penalties = penalties;
    this.#clock = clock;
  }

  /** The milliseconds of a block that a refusal by `rule` begins; 0 if it begins none. */
  blockMsFor(rule: LimitRule, subject: string): number {
    const penalty = this.#penalties[rule.index];
    if (penalty === undefined) return 0;
    const now = this.#clock.now();
    const key = keyOf(rule, subject);
    const { blocks, blockedUntil } = this.#offenders.get(key) ?? { blocks: 0, blockedUntil: -Infinity };
    // Refused by a decision that was under way when the block began.
    if (blockedUntil > now) return 0;
    const quiet = now - blockedUntil >= quietBlocks * penalty.blockMs;
    const repeats = quiet ? 0 : blocks;
    const blockMs = Math.min(penalty.maxBlockMs, penalty.blockMs * 2 ** repeats);
    this.#remember(key, { blocks: repeats + 1, blockedUntil: now + blockMs });
    return blockMs;
  }

  forget(rule: LimitRule, subject: string): void {
    this.#offenders.delete(keyOf(rule, subject));
  }

  #remember(key: string, offender: Offender): void {
    this.#offenders.delete(key);
    this.#offenders.set(key, offender);
    if (this.#offenders.size <= mostOffenders) return;
    for (const oldest of this.#offenders.keys()) {
      this.#offenders.delete(oldest);
      return;
    }
  }
}

function keyOf({ index }: LimitRule, subject: string): string {
  return `${index} ${subject}`;
}
