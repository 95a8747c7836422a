import { rules } from './rules.lua.ts';
import { slots } from './slots.lua.ts';
import { value } from './value.lua.ts';

/**
 * Blocks the subject of one key, unless it is blocked longer already, or ends its block.
 *
 * - `RULES` and `SCOPES` – the limits of the plan, put before this text.
 * - `KEYS[1]` – the value.
 * - `ARGV` – now, or `''` to read the server's clock; the place of the scope; for how many microseconds, 0 to end a block.
 *
 * Atomic.
 */
export const block: string = `${value}${rules}${slots}
local now = tonumber(ARGV[1]) or serverTime()
local duration = tonumber(ARGV[3])
local value = parse(get(KEYS[1]))
value.blockedUntil = duration == 0 and 0 or math.max(value.blockedUntil, math.min(LATEST, now + duration))
write(KEYS[1], value, SCOPES[tonumber(ARGV[2])] or { stamp = 0, rules = {} }, now)
return damaged
`;
