import { keys } from './keys.lua.ts';
import { rules } from './rules.lua.ts';
import { slots } from './slots.lua.ts';
import { value } from './value.lua.ts';

/**
 * Corrects what one call was charged under one key.
 *
 * - `now`, `byServer`, `RULES` and `SCOPES` – the clock and the limits of the plan, put before this text.
 * - `KEYS[1]` – the value.
 * - `ARGV` – the places of the rules in the plan, as characters; the cost to add, or to take back if negative; the instant
 *   of the charge, as `decide` returned it.
 *
 * Atomic. A rule whose window is over since is left alone.
 */
export const adjust: string = `${keys}${value}${rules}${slots}
local places, cost, chargedAt = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local value = parse(get(KEYS[1]))
local changed = false
for i = 1, #places do
  local rule = RULES[places:byte(i)]
  local slot = slotAt(value, rule, now, byServer)
  -- A charge may have been paid off or given back since; what turned out to cost more counts again.
  if not slot and cost > 0 then
    slot = emptySlot(rule, rule.kind == 1 and now or chargedAt)
    value.slots[rule.head] = slot
  end
  if slot and rule.limit > 0 and chargedAt + rule.window > math.max(now, slot.latest) then
    changeAt(slot, rule, cost, chargedAt)
    changed = true
  end
end
if changed then write(KEYS[1], value, SCOPES[RULES[places:byte(1)].scope], now) end
return damaged
`;
