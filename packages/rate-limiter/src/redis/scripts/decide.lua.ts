import type { LimitRule } from '../../store.ts';
import { clock, type Timekeeper } from './clock.lua.ts';
import { indented, literalOf } from './lua.ts';
import { type Arrangement, arrangementsOf, emptyValue, heedsFactor, tablesOf, widthOf } from './plan.lua.ts';
import { value } from './value.lua.ts';
import { walk } from './walk.lua.ts';

/**
 * Decides about calls, one after the other, and charges those for which every limit has room.
 *
 * - `KEYS` – for each call and group, one value. Calls may share values.
 * - `ARGV` – for each call: its cost, a whole number (0 looks and writes nothing); its groups, as characters: for each group
 *   the place of its scope in the plan, then for each limit of the scope `1` if it takes part and else `0`; and its factor, if
 *   that lowers a limit of the plan. Behind all calls comes the instant, if the callers' clocks count.
 * - Returns how many values were damaged, the instant, and then for each call and rule: -1 if it has room, else -2; what is
 *   left; the time until the same cost, at least 1, would pass (-1: never); the time until nothing counts. All times are
 *   whole microseconds. Of a rule that was charged and has room for as much again only what is left, and if it is smooth,
 *   the time until nothing counts: the rest follows. Where a subject is blocked, or what counts lies ahead of the instant, a
 *   call's part begins with -3 and its own instant, and that of each group with how long the subject is blocked.
 *
 * Atomic over all keys and calls. A refusal writes nothing but the rules that count attempts, not even an expiry.
 *
 * A server clock that went back does not free or stretch anything: time stands still until it has caught up, and what lies
 * further ahead than its own window is forgotten. A clock that callers bring is trusted as it is.
 *
 * Written for speed, as this is what a decision costs. Limits are written out one by one. A call is taken for admitted, so
 * that one walk over its slots judges, charges and reads them; only if it is not, a second walk follows. What is needed for
 * values of others and damaged ones is made when it is needed: Redis makes the functions of a script anew for each run.
 */
export function decide(rules: readonly LimitRule[], time: Timekeeper): string {
  const byServer = time === 'server';
  const arrangements = arrangementsOf(rules);
  const takesFactor = heedsFactor(rules);
  const eachScope = (depth: number, textOf: (arrangement: Arrangement) => string): string =>
    arrangements
      .map((each) => `if place == ${each.place} then\n${indented(depth, textOf(each))}\n`)
      .join(`${' '.repeat(depth - 2)}else`);
  return `${clock(time)}
local WHOLE, ATTEMPTS, ALL, YES = 9007199254740992, 1, 2, 49
local unpack, pack, byte, sub = struct.unpack, struct.pack, string.byte, string.sub
local ceil = math.ceil

local startedAt = now
-- With as much room as one call takes, so that they need not grow.
local reply, n = { 0, now${', nil'.repeat(2 * rules.length)} }, 2
local staged = { nil${', nil'.repeat(3 * arrangements.length)} }
local values, changed = {}, {}
local key, damaged = 0, 0

for call = 1, #ARGV${byServer ? '' : ' - 1'}, ${takesFactor ? 3 : 2} do
  local cost, codes${takesFactor ? ', factor' : ''} = ARGV[call] + 0, ARGV[call + 1]${takesFactor ? ', ARGV[call + 2] + 0' : ''}
  local wanted, charges = cost > 1 and cost or 1, cost > 0 and ALL or 0
  local nBefore, keyBefore, isPlain, isSettled = n, key, true, false
  now = startedAt
  repeat -- a walk over all groups, and again while something is in the way
    n, key = nBefore, keyBefore
    isPlain = isPlain and now == startedAt
    if not isPlain then
      n = n + 2
      reply[n - 1], reply[n] = -3, now
    end
    local refused, changes = false, 0
    for at = 1, #codes, ${widthOf(arrangements)} do
      isSettled = false
      key = key + 1
      local name, place = KEYS[key], byte(codes, at)
      local raw = values[name]
      if not raw then
        raw = redis.pcall('GET', name)
        if raw and type(raw) ~= 'string' then raw, damaged = false, damaged + 1 end
        if not raw then
          ${eachScope(12, (each) => `raw = ${literalOf(emptyValue(each))}`)}          end
        end
        values[name] = raw
      end
      local isWhole, refuses, blockedUntil, expires, written = true, false
      repeat
        ${eachScope(10, (each) => walk(each, byServer))}        end
        isSettled = true
      until true
      if not isWhole then
${indented(8, tablesOf(rules, arrangements) + value)}
        values[name] = format(parse(raw), SCOPES[place], startedAt)
      end
      if not isSettled then break end
      refused = refused or refuses or blockedUntil > now
      if written then
        staged[changes + 1], staged[changes + 2], staged[changes + 3] = name, written, expires
        changes = changes + 3
      end
    end
    if isSettled and refused and charges == ALL then
      charges, isSettled = ATTEMPTS, false
    elseif isSettled then
      for i = 1, changes, 3 do
        values[staged[i]], changed[staged[i]] = staged[i + 1], staged[i + 2]
      end
    end
  until isSettled
end

for name, expires in next, changed do
  if expires > startedAt then
    redis.call('SET', name, values[name], 'PX', ceil((expires - startedAt) / 1000))
  else
    redis.call('DEL', name)
  end
end
reply[1] = damaged
return reply
`;
}
