/** Bytes of a cell. */
export const cellSize = 12;

/** In the year 2255; nothing is kept longer. Microseconds. */
export const latestInstant = 8_999_999_999_999_999;

/**
 * Functions that all scripts share: the packed value of one scope of one subject, which holds all the limits of that
 * scope. Instants are whole microseconds since 1970.
 *
 *     value = version(u8 = 3) blockedUntil(f64) expires(f64) strangersUntil(f64) stamp(f64) cellsAt(u32) slot* cell*
 *     slot  = nameLength(u8) name kind(u8) closedCells(u8) used(f64) grid(f64) latest(f64) expires(f64) open(u32)
 *     cell  = latest(f64) cost(u32)
 *
 * All numbers are little-endian. `cellsAt` is the position of the first cell, counted from 1; the cells of the slots follow
 * one another in the order of the slots. The stamp stands for the names and kinds of the limits of the scope, in their
 * order: under the caller's own stamp each of them has a slot, in that order, and so at a known position, before those of
 * strangers, the last of which expires at `strangersUntil`. An empty slot is 0 throughout. A slot is of one of two kinds:
 *
 * - 0, strict: closed cells and one open cell, which is in the slot: `latest` is its latest charge, `open` its cost. `used`
 *   is the cost of all cells, `grid` the instant from which cells are measured.
 * - 1, smooth: `used` is the debt at `latest`, as `smooth.ts` counts it, in cost times microseconds of the window.
 *
 * Invariants:
 * - Any string is read without an error; what is not whole counts as empty, and so does a value of an earlier version.
 * - A slot of a limit that the caller does not know is kept until it expires, so a rolling deploy resets nobody.
 */
export const value: string = `
local CELL, SLOTS = ${cellSize}, 38
local LARGEST = 4294967295
local WHOLE = 9007199254740992
local LATEST = ${latestInstant}
local unpack, pack = struct.unpack, struct.pack

local function isInstant(number)
  return number >= 0 and number < WHOLE
end

local function parseSlots(raw)
  local value = { slots = {} }
  local version, cellsAt, _
  version, value.blockedUntil, value.expires, _, _, cellsAt = unpack('<BddddI4', raw)
  if version ~= 3 or not (isInstant(value.blockedUntil) and isInstant(value.expires)) then error('damaged') end
  local at, cell = SLOTS, cellsAt
  while at < cellsAt do
    local body = at + raw:byte(at) + 2
    local head = raw:sub(at, body - 1)
    local closed, used, grid, latest, expires, open, past = unpack('<BddddI4', raw, body)
    if not (used >= open and used < 1e30 and latest >= grid and isInstant(grid) and isInstant(latest) and isInstant(expires))
    then error('damaged') end
    local cells = raw:sub(cell, cell + closed * CELL - 1)
    if #cells < closed * CELL then error('damaged') end
    value.slots[head] = { closed = closed, used = used, grid = grid, latest = latest, expires = expires, open = open,
      cells = cells }
    at, cell = past, cell + closed * CELL
  end
  if at ~= cellsAt or cell ~= #raw + 1 then error('damaged') end
  return value
end

-- Whatever it is, as a value.
local function parse(raw)
  local version = raw and raw:byte(1)
  if raw and version ~= 1 and version ~= 2 then
    local intact, value = pcall(parseSlots, raw)
    if intact then return value end
    damaged = damaged + 1
  end
  return { slots = {}, blockedUntil = 0, expires = 0 }
end

-- Arranged for the scope; the slots of strangers follow while they count.
local function format(value, scope, now)
  local slots, cells, own, expires, strangersUntil = {}, {}, {}, value.blockedUntil, 0
  local empty = { closed = 0, used = 0, grid = 0, latest = 0, expires = 0, open = 0, cells = '' }
  local function put(head, slot)
    slots[#slots + 1] = head .. pack('<BddddI4', slot.closed, slot.used, slot.grid, slot.latest, slot.expires, slot.open)
    cells[#cells + 1] = slot.cells
    if slot.expires > expires then expires = slot.expires end
  end
  for i = 1, #scope.rules do
    local head = RULES[scope.rules[i]].head
    own[head] = true
    put(head, value.slots[head] or empty)
  end
  for head, slot in pairs(value.slots) do
    if not own[head] and slot.expires > now then
      put(head, slot)
      if slot.expires > strangersUntil then strangersUntil = slot.expires end
    end
  end
  slots = table.concat(slots)
  local header = pack('<BddddI4', 3, value.blockedUntil, expires, strangersUntil, scope.stamp, SLOTS + #slots)
  return header .. slots .. table.concat(cells), expires
end
`;
