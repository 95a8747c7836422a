import { InvalidOptionError } from '@holdfast/core';
import type { LimitRule, RuleGroup } from '../store.ts';
import { RedisScript } from './script.ts';
import { adjust } from './scripts/adjust.lua.ts';
import { block } from './scripts/block.lua.ts';
import { clock, type Timekeeper } from './scripts/clock.lua.ts';
import { decide } from './scripts/decide.lua.ts';
import { lease } from './scripts/lease.lua.ts';
import { penalize } from './scripts/penalize.lua.ts';
import { type Arrangement, arrangementsOf, heedsFactor, tablesOf, widthOf } from './scripts/plan.lua.ts';
import { reset } from './scripts/reset.lua.ts';

/** A place in the plan travels as one character of ASCII. */
const mostRules = 127;

/**
 * The scripts of one limiter. Its limits are written into their text, so that the server compiles them once instead of
 * reading them with every call: a server holds one set of scripts per limiter and version of its limits.
 */
export class PlanScripts {
  readonly decide: RedisScript;
  readonly adjust: RedisScript;
  readonly penalize: RedisScript;
  readonly block: RedisScript;
  readonly lease: RedisScript;
  readonly reset: RedisScript;
  readonly #arrangements: readonly Arrangement[];
  readonly #heedsFactor: boolean;

  /** @throws {InvalidOptionError} on more than 127 limits. */
  constructor(rules: readonly LimitRule[], time: Timekeeper) {
    if (rules.length > mostRules)
      throw new InvalidOptionError('limits', `at most ${mostRules} limits in a RedisStore`, rules.length);
    this.#arrangements = arrangementsOf(rules);
    this.#heedsFactor = heedsFactor(rules);
    const plan = `${clock(time)}local byServer = ${time === 'server'}${tablesOf(rules, this.#arrangements)}`;
    this.decide = new RedisScript(decide(rules, time));
    this.adjust = new RedisScript(plan + adjust);
    this.penalize = new RedisScript(plan + penalize);
    this.block = new RedisScript(plan + block);
    this.lease = new RedisScript(plan + lease);
    this.reset = new RedisScript(plan + reset);
  }

  /** The place of a scope, as the scripts count. */
  placeOf(scope: string): number {
    return this.#arrangements.findIndex((each) => each.scope === scope) + 1;
  }

  /** Appends a call to the arguments of `decide`. */
  addCall(args: (string | number)[], cost: number, codes: string, factor: number): void {
    args.push(cost, codes);
    if (this.#heedsFactor) args.push(factor);
  }

  /** The groups of a call, as `decide` takes them. */
  codesOf(groups: readonly RuleGroup[]): string {
    const width = widthOf(this.#arrangements);
    const codes = groups.map(({ scope, rules }) => {
      const place = this.placeOf(scope);
      const chosen = new Set(rules.map(({ index }) => index));
      const takesPart = this.#arrangements[place - 1]?.slots.map(({ rule }) =>
        chosen.has(rule.index) ? '1' : '0',
      );
      return String.fromCharCode(place) + (takesPart ?? []).join('');
    });
    return codes.map((code) => code.padEnd(width, '0')).join('');
  }
}

/** The places of rules in the plan, as the scripts that correct read them. */
export function placesOf(rules: readonly LimitRule[]): string {
  return String.fromCharCode(...rules.map(({ index }) => index + 1));
}
