import type { Arrangement } from './plan.lua.ts';
import { smooth } from './smooth.lua.ts';
import { strict } from './strict.lua.ts';

/**
 * The part of `decide` that judges, charges and reads the limits of one scope, written out limit by limit: what is fixed for
 * the life of a limiter is a constant, and nothing has to be looked up or made for a run.
 *
 * - Reads `raw`, the value, and `codes` from `at` on: which limits take part. Charges those of which `charges` says so.
 * - Sets `refuses`, `blockedUntil`, and if something was charged `written` and `expires`, the new value and its expiry.
 * - Leaves by `break` if the call has to be decided anew: the instant was moved, a subject turned out to be blocked, which
 *   takes a longer answer, or `isWhole` says that the value is not as this script has it.
 */
export function walk({ scope, slots, stamp, end }: Arrangement, byServer: boolean): string {
  const names = slots.map(({ number }) => `slot${number}`);
  const limits = slots.map((slot) => (slot.rule.mode === 'strict' ? strict : smooth)(slot, byServer));
  const pieces = slots.map(({ number, at, end: last }) => `(slot${number} or sub(raw, ${at}, ${last}))`);
  return `
-- The limits of ${JSON.stringify(scope)}.
local version, strangersUntil, stamp, cell
if #raw >= ${end} then version, blockedUntil, expires, strangersUntil, stamp, cell = unpack('<BddddI4', raw) end
if stamp ~= ${stamp} or version ~= 3 or cell <= ${end}
  or not (blockedUntil >= 0 and blockedUntil < WHOLE and expires >= 0 and expires < WHOLE)
  or strangersUntil > 0 and strangersUntil <= startedAt
then
  isWhole = false
  break
end
-- Whether each takes part; then the slot as it was charged, if it was.
local ${names.join(', ')} = byte(codes, at + 1, at + ${slots.length})
-- What follows the slots: as it is from 'copied' on, but for cells that are gone or new.
local cells, copied, cellsAt = '', ${end + 1}, cell
if not isPlain then
  n = n + 1
  reply[n] = blockedUntil > now and blockedUntil - now or 0
elseif blockedUntil > now then
  isPlain = false
  break
end
${limits.join('')}
if ${names.join(' or ')} then
  written = pack('<BddddI4', 3, blockedUntil, expires, strangersUntil, stamp, cellsAt)
    .. ${joined(pieces)} .. cells .. sub(raw, copied)
end`;
}

/** Lua holds all that it joins at once, and not more than this beside what else it holds. */
const mostPieces = 32;

function joined(pieces: readonly string[]): string {
  if (pieces.length <= mostPieces) return pieces.join(' .. ');
  return `(${joined(pieces.slice(0, mostPieces))}) .. (${joined(pieces.slice(mostPieces))})`;
}
