import { createHash } from 'node:crypto';
import { InvalidOptionError } from '@holdfast/core';
import type { LimitRule } from '../store.ts';
import { RedisScript } from './script.ts';
import { adjust } from './scripts/adjust.lua.ts';
import { block } from './scripts/block.lua.ts';
import { decide } from './scripts/decide.lua.ts';
import { penalize } from './scripts/penalize.lua.ts';
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
  readonly reset: RedisScript;
  readonly #scopes: readonly string[];

  /** @throws {InvalidOptionError} on more than 127 limits. */
  constructor(rules: readonly LimitRule[]) {
    if (rules.length > mostRules)
      throw new InvalidOptionError('limits', `at most ${mostRules} limits in a RedisStore`, rules.length);
    this.#scopes = [...new Set(rules.map(({ scope }) => scope))];
    const plan = `local RULES = {${rules.map((rule) => this.#ruleOf(rule)).join(',\n')}}
local SCOPES = {${this.#scopes.map((scope) => scopeOf(rules.filter((rule) => rule.scope === scope))).join(',')}}\n`;
    this.decide = new RedisScript(plan + decide);
    this.adjust = new RedisScript(plan + adjust);
    this.penalize = new RedisScript(plan + penalize);
    this.block = new RedisScript(plan + block);
    this.reset = new RedisScript(plan + reset);
  }

  /** The place of a scope, as the scripts count. */
  placeOf(scope: string): number {
    return this.#scopes.indexOf(scope) + 1;
  }

  #ruleOf(rule: LimitRule): string {
    const { name, limit, windowMs, burst, cells, countsAttempts, shadow, minFactor, scope } = rule;
    // What is as usual is left out: the server makes these tables anew for each run.
    return literalOf({
      head: `"${byteOf(name.length)}${JSON.stringify(name).slice(1, -1)}${byteOf(kindOf(rule))}"`,
      headLength: name.length + 2,
      kind: kindOf(rule),
      scope: this.placeOf(scope),
      limit,
      window: windowMs * 1_000,
      burst: rule.mode === 'smooth' ? burst : undefined,
      cells: cells > 0 ? cells : undefined,
      attempts: countsAttempts || undefined,
      shadow: shadow || undefined,
      minFactor: minFactor < 1 ? minFactor : undefined,
    });
  }
}

/** The places of rules in the plan, as the scripts read them. */
export function placesOf(rules: readonly LimitRule[]): string {
  return String.fromCharCode(...rules.map(({ index }) => index + 1));
}

function scopeOf(rules: readonly LimitRule[]): string {
  const arrangement = rules.map((rule) => `${kindOf(rule)}${rule.name}`).join('\n');
  // 48 bits, which a double holds.
  const stamp = createHash('sha256').update(arrangement).digest().readUIntBE(0, 6);
  return literalOf({ stamp, rules: `{${rules.map(({ index }) => index + 1).join(',')}}` });
}

/** Lua reads up to three digits. */
function byteOf(code: number): string {
  return `\\${String(code).padStart(3, '0')}`;
}

function kindOf({ mode }: LimitRule): number {
  return mode === 'strict' ? 0 : 1;
}

function literalOf(fields: Readonly<Record<string, string | number | boolean | undefined>>): string {
  return `{${Object.entries(fields)
    .filter(([, content]) => content !== undefined)
    .map(([field, content]) => `${field}=${content}`)
    .join(',')}}`;
}
