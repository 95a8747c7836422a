import { packedCounts } from './packed-counts.lua.ts';

/**
 * Takes back what one call was charged under one key, because another key of a cluster refused the call.
 *
 * - `KEYS[1]` – the value.
 * - `ARGV[1]` – the cost.
 * - `ARGV[2]` – the instant of the charge, as `consume` returned it.
 * - `ARGV[3…]` – the names of the limits.
 * - Returns nothing.
 *
 * Atomic. The charge is in the first cell that ends at or after its instant; a cell never falls below 0, and one that
 * has run out in the meantime is left alone. The expiry of the key stays.
 */
export const refund: string = `${packedCounts}
local cost = tonumber(ARGV[1])
local chargedAt = tonumber(ARGV[2])
local charged = {}
for i = 3, #ARGV do charged[ARGV[i]] = true end

local raw, slots = load(KEYS[1])
local parts = {}
for _, slot in ipairs(slots) do
  local cells = {}
  local owed = charged[slot.name] and cost or 0
  for at = slot.cells, slot.past - CELL, CELL do
    local last, spent = cellAt(raw, at)
    if owed > 0 and last >= chargedAt then
      local back = math.min(owed, spent)
      spent, owed, slot.used = spent - back, 0, slot.used - back
    end
    if spent > 0 then cells[#cells + 1] = struct.pack('<dI4', last, spent) end
  end
  parts[#parts + 1] = packSlot(slot.name, #cells, slot.used, slot.grid, slot.expires, table.concat(cells))
end
if #parts > 0 then redis.call('SET', KEYS[1], '\\1' .. table.concat(parts), 'KEEPTTL') end
`;
