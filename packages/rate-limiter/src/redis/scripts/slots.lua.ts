/** Functions over one slot of a parsed value, for the scripts that correct it. */
export const slots = `
-- The slot of a rule as it counts at 'now', or nil.
local function slotAt(value, rule, now, byServer)
  local slot = value.slots[rule.head]
  if not slot or (byServer and slot.latest > now + rule.window) then return nil end
  if slot.latest > now then return slot end
  if rule.kind == 1 then
    slot.used, slot.latest = math.max(0, slot.used - (now - slot.latest) * rule.limit), now
    return slot
  end
  if slot.latest + rule.window <= now then return nil end
  while slot.closed > 0 do
    local ended, cost = unpack('<dI4', slot.cells)
    if ended + rule.window > now then break end
    slot.closed, slot.used, slot.cells = slot.closed - 1, slot.used - cost, slot.cells:sub(CELL + 1)
  end
  return slot
end

local function owe(slot, rule, debt)
  slot.used = math.max(0, slot.used + debt)
  slot.expires = math.min(LATEST, slot.latest + math.ceil(slot.used / rule.limit))
end

local function charge(slot, rule, cost, now)
  slot.latest = math.max(slot.latest, now)
  if rule.kind == 1 then return owe(slot, rule, cost * rule.window) end
  local fits = math.min(cost, LARGEST - slot.open)
  slot.used, slot.open, slot.expires = slot.used + fits, slot.open + fits, slot.latest + rule.window
end

-- Closes the open cell if 'now' is beyond it. Where nothing counts, cells begin anew.
local function turn(slot, rule, now)
  if rule.kind == 0 and slot.used == 0 then
    slot.grid, slot.latest = now, now
    return
  end
  if rule.kind == 1 or sameCell(rule, slot.closed, slot.grid, slot.latest, math.max(slot.latest, now)) then return end
  slot.cells = slot.cells .. pack('<dI4', slot.latest, slot.open)
  slot.closed, slot.open = slot.closed + 1, 0
end

-- Changes the cost of the closed cell at 'at', or of the open one without. A cell that comes to 0 is gone.
local function changeCell(slot, at, change)
  if at then
    local ended, spent = unpack('<dI4', slot.cells, at)
    local cell = spent + change > 0 and pack('<dI4', ended, spent + change) or ''
    if cell == '' then slot.closed = slot.closed - 1 end
    slot.cells = slot.cells:sub(1, at - 1) .. cell .. slot.cells:sub(at + CELL)
  else
    slot.open = slot.open + change
    if slot.open == 0 and slot.closed > 0 then
      slot.latest, slot.open = unpack('<dI4', slot.cells, #slot.cells - CELL + 1)
      slot.cells, slot.closed = slot.cells:sub(1, -CELL - 1), slot.closed - 1
    end
  end
  slot.used = slot.used + change
end

-- Adds a cost, or takes it back if negative, where it was charged: strict, in the first cell that ends at or after its
-- instant. If there is none, it was given back, and what is added opens a cell. No cell falls below 0.
local function changeAt(slot, rule, cost, chargedAt)
  if rule.kind == 1 then return owe(slot, rule, cost * rule.window) end
  if slot.used == 0 or slot.latest < chargedAt then
    if cost > 0 then
      turn(slot, rule, chargedAt)
      charge(slot, rule, cost, chargedAt)
    end
    return
  end
  local function changeOf(spent) return math.max(-spent, math.min(LARGEST - spent, cost)) end
  for at = 1, #slot.cells, CELL do
    local ended, spent = unpack('<dI4', slot.cells, at)
    if ended >= chargedAt then return changeCell(slot, at, changeOf(spent)) end
  end
  changeCell(slot, nil, changeOf(slot.open))
end

local function emptySlot(rule, now)
  return { closed = 0, used = 0, grid = rule.kind == 0 and now or 0, latest = now, expires = 0, open = 0, cells = '' }
end

local function write(key, value, scope, now)
  local raw, expires = format(value, scope, now)
  set(key, raw, expires, now)
end
`;
