import { createHash } from 'node:crypto';
import type { LimitRule } from '../../store.ts';
import { literalOf } from './lua.ts';

/** The fixed parts of a value, see `value.lua.ts`. */
const headerSize = 37;
const bodySize = 37;

/** The slot of a limit in the value of its scope. */
export interface Slot {
  readonly rule: LimitRule;
  /** Among the slots of the scope, counted from 1. */
  readonly number: number;
  /** Name and kind. */
  readonly head: string;
  /** Positions of the first byte, of the first one behind the head, and of the last one; the first of a value is 1. */
  readonly at: number;
  readonly body: number;
  readonly end: number;
}

/** How the limits of one scope lie in its values. */
export interface Arrangement {
  readonly scope: string;
  /** Counted from 1. */
  readonly place: number;
  readonly slots: readonly Slot[];
  /** Stands for the names and kinds, in their order; 48 bits, which a double holds. */
  readonly stamp: number;
  /** Position of the last byte of the slots. */
  readonly end: number;
}

/** How the limits of each scope lie in its values, in the order of the plan. */
export function arrangementsOf(rules: readonly LimitRule[]): readonly Arrangement[] {
  const scopes = [...new Set(rules.map(({ scope }) => scope))];
  return scopes.map((scope, index) => {
    const slots = slotsOf(rules.filter((rule) => rule.scope === scope));
    const heads = slots.map(({ head }) => head).join('');
    const stamp = createHash('sha256').update(heads).digest().readUIntBE(0, 6);
    return { scope, place: index + 1, slots, stamp, end: slots.at(-1)?.end ?? headerSize };
  });
}

/** Whether the factor of a decision lowers one of the limits. */
export function heedsFactor(rules: readonly LimitRule[]): boolean {
  return rules.some(({ minFactor }) => minFactor < 1);
}

/** Characters per group of a call: the place of its scope, and one per limit of the scope that has most. */
export function widthOf(arrangements: readonly Arrangement[]): number {
  return 1 + Math.max(...arrangements.map(({ slots }) => slots.length));
}

/** The value in which nothing counts. */
export function emptyValue({ slots, stamp, end }: Arrangement): string {
  const header = Buffer.alloc(headerSize);
  header.writeUInt8(3);
  header.writeDoubleLE(stamp, 25);
  header.writeUInt32LE(end + 1, 33);
  const body = '\0'.repeat(bodySize);
  return header.toString('latin1') + slots.map(({ head }) => head + body).join('');
}

/**
 * The limits, as those scripts read them that are not written limit by limit: `RULES` by their places in the plan, and
 * `SCOPES` by theirs.
 */
export function tablesOf(rules: readonly LimitRule[], arrangements: readonly Arrangement[]): string {
  const scopes = arrangements.map(({ slots, stamp }) => {
    const places = slots.map(({ rule }) => rule.index + 1);
    return `{ stamp = ${stamp}, rules = { ${places.join(', ')} } }`;
  });
  const tables = rules.map((rule) => {
    const place = arrangements.findIndex(({ scope }) => scope === rule.scope) + 1;
    const { limit, burst, cells } = rule;
    const head = literalOf(headOf(rule));
    const amounts = `limit = ${limit}, window = ${windowOf(rule)}, burst = ${burst}, cells = ${cells}`;
    return `  { head = ${head}, kind = ${kindOf(rule)}, scope = ${place}, ${amounts} }`;
  });
  return `
local RULES = {
${tables.join(',\n')}
}
local SCOPES = { ${scopes.join(', ')} }
`;
}

/** Microseconds. */
export function windowOf({ windowMs }: LimitRule): number {
  return windowMs * 1_000;
}

function slotsOf(rules: readonly LimitRule[]): readonly Slot[] {
  let at = headerSize + 1;
  return rules.map((rule, index) => {
    const head = headOf(rule);
    const body = at + head.length;
    const slot = { rule, number: index + 1, head, at, body, end: body + bodySize - 1 };
    at = slot.end + 1;
    return slot;
  });
}

function headOf(rule: LimitRule): string {
  return String.fromCharCode(rule.name.length) + rule.name + String.fromCharCode(kindOf(rule));
}

function kindOf({ mode }: LimitRule): number {
  return mode === 'strict' ? 0 : 1;
}
