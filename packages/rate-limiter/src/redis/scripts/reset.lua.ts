import { keys } from './keys.lua.ts';
import { rules } from './rules.lua.ts';
import { slots } from './slots.lua.ts';
import { value } from './value.lua.ts';

/**
 * Forgets what was spent under some limits of one key.
 *
 * - `now`, `byServer`, `RULES` and `SCOPES` – the clock and the limits of the plan, put before this text.
 * - `KEYS[1]` – the value.
 * - `ARGV` – the places of the rules in the plan, as characters, or `''` for all that there is, with the block of the
 *   subject.
 *
 * Atomic.
 */
export const reset: string = `${keys}${value}${rules}${slots}
local places = ARGV[1]
if places == '' then
  redis.call('DEL', KEYS[1])
  return 0
end
local value = parse(get(KEYS[1]))
for i = 1, #places do value.slots[RULES[places:byte(i)].head] = nil end
write(KEYS[1], value, SCOPES[RULES[places:byte(1)].scope], now)
return damaged
`;
