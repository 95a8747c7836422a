import { keys } from './keys.lua.ts';
import { rules } from './rules.lua.ts';
import { slots } from './slots.lua.ts';
import { value } from './value.lua.ts';

/**
 * Charges a cost under one key without judging, or takes the latest charges back if it is negative.
 *
 * - `now`, `byServer`, `RULES` and `SCOPES` – the clock and the limits of the plan, put before this text.
 * - `KEYS[1]` – the value.
 * - `ARGV` – the places of the rules in the plan, as characters; the cost; and `'capped'` to charge no more than there is
 *   room for.
 *
 * Atomic.
 */
export const penalize: string = `${keys}${value}${rules}${slots}
local places, cost, isCapped = ARGV[1], tonumber(ARGV[2]), ARGV[3] == 'capped'

local function takeBack(slot, owed)
  owed = math.min(owed, slot.used)
  while owed > 0 do
    local back = math.min(owed, slot.open)
    changeCell(slot, nil, -back)
    owed = owed - back
  end
end

local function correct(slot, rule)
  local charged = cost
  if isCapped then
    local room = (capacityOf(rule) - slot.used) / unitOf(rule)
    charged = math.max(0, math.min(cost, room - room % 1))
  end
  if charged > 0 then
    turn(slot, rule, now)
    charge(slot, rule, charged, now)
  elseif rule.kind == 1 then owe(slot, rule, charged * rule.window)
  else takeBack(slot, -charged) end
end

local value = parse(get(KEYS[1]))
for i = 1, #places do
  local rule = RULES[places:byte(i)]
  local slot = slotAt(value, rule, now, byServer)
  if rule.limit > 0 and (slot or cost > 0) then
    slot = slot or emptySlot(rule, now)
    value.slots[rule.head] = slot
    correct(slot, rule)
  end
end
write(KEYS[1], value, SCOPES[RULES[places:byte(1)].scope], now)
return damaged
`;
