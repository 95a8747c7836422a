import { keys } from './keys.lua.ts';
import { rules } from './rules.lua.ts';
import { slots } from './slots.lua.ts';
import { value } from './value.lua.ts';

/**
 * Blocks the subject of one key, unless it is blocked longer already, or ends its block.
 *
 * - `now`, `byServer`, `RULES` and `SCOPES` – the clock and the limits of the plan, put before this text.
 * - `KEYS[1]` – the value.
 * - `ARGV` – the place of the scope; for how many microseconds, 0 to end a block.
 *
 * Atomic.
 */
export const block: string = `${keys}${value}${rules}${slots}
local duration = tonumber(ARGV[2])
local value = parse(get(KEYS[1]))
value.blockedUntil = duration == 0 and 0 or math.max(value.blockedUntil, math.min(LATEST, now + duration))
write(KEYS[1], value, SCOPES[tonumber(ARGV[1])] or { stamp = 0, rules = {} }, now)
return damaged
`;
