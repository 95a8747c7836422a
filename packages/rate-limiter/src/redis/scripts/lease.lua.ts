import { keys } from './keys.lua.ts';
import { rules } from './rules.lua.ts';
import { slots } from './slots.lua.ts';
import { value } from './value.lua.ts';

/**
 * Settles the lease of one limit and grants the next: what was charged in advance is taken back, what was used of it is
 * charged now, and so is what is granted.
 *
 * - `now`, `byServer`, `RULES` and `SCOPES` – the clock and the limits of the plan, put before this text.
 * - `KEYS[1]` – the value; `KEYS[2]` – who holds a lease of the limit, a sorted set by the instants at which they count as gone.
 * - `ARGV` – the place of the rule; its limit, as the factor has it; what the lease was charged, and the instant of it; what
 *   was used of it; what of the rest is kept, and what is wanted instead of that, at least as much (0 to hold nothing any
 *   more); the holder, for how many microseconds it counts as one, and the least number of holders.
 * - Returns the instant; what the holder holds now; what else is left.
 *
 * Atomic. Nobody gets more than his share of half of what is left, so that it is never all held by some while others ask.
 */
export const lease: string = `${keys}${value}${rules}${slots}
local rule, limit = RULES[tonumber(ARGV[1])], tonumber(ARGV[2])
local charged, chargedAt, used = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local kept, wanted = tonumber(ARGV[6]), tonumber(ARGV[7])
local holder, staysFor, holders = ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10])

-- A pcall, since who writes nonsense under this key must not stop anybody: then there are as many as were told.
local function countHolders()
  redis.pcall('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  if wanted == 0 then redis.pcall('ZREM', KEYS[2], holder)
  else
    redis.pcall('ZADD', KEYS[2], now + staysFor, holder)
    redis.pcall('PEXPIRE', KEYS[2], math.ceil(staysFor / 1000))
  end
  local found = redis.pcall('ZCARD', KEYS[2])
  return math.max(holders, type(found) == 'number' and found or 0)
end

-- Where a call was given back, what it cost may be in a later cell than what was charged in advance.
local function takeBack(slot, cost)
  if rule.kind == 1 then return changeAt(slot, rule, -cost, chargedAt) end
  while cost > 0 do
    local before = slot.used
    changeAt(slot, rule, -cost, chargedAt)
    if slot.used == before then return end
    cost = cost - (before - slot.used)
  end
end

local value = parse(get(KEYS[1]))
local slot = slotAt(value, rule, now, byServer)
if slot and chargedAt + rule.window > math.max(now, slot.latest) then takeBack(slot, charged) end
slot = slot or emptySlot(rule, now)
turn(slot, rule, now)
if used > 0 then charge(slot, rule, used, now) end
-- Under a lower limit a unit of a smooth one weighs more; a strict one has room for less.
local unit, capacity = unitOf(rule), capacityOf(rule)
if limit < rule.limit and rule.kind == 0 then capacity = limit end
if limit < rule.limit and rule.kind == 1 then unit = math.floor(unit * rule.limit / limit) end
local left = math.max(0, math.floor((capacity - slot.used) / unit))
local granted = math.max(kept, math.min(wanted, math.floor(left / (2 * countHolders()))))
if granted > 0 then charge(slot, rule, granted, now) end
value.slots[rule.head] = slot
write(KEYS[1], value, SCOPES[rule.scope], now)
return { math.max(now, slot.latest), granted, math.max(0, left - granted) }
`;
