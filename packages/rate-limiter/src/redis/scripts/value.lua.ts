/**
 * Functions that all scripts share: the packed value of one scope of one subject, which holds all the limits of that
 * scope. Instants are whole microseconds since 1970.
 *
 *     value = version(u8 = 2) blockedUntil(f64) expires(f64) strangersUntil(f64) stamp(f64) slot*
 *     slot  = head closedCells(u16) used(f64) grid(f64) latest(f64) expires(f64) open(u32) cell*
 *     head  = nameLength(u8) name kind(u8)
 *     cell  = latest(f64) cost(u32)
 *
 * All numbers are little-endian. The stamp stands for the names and kinds of the limits of the scope, in their order: under
 * the caller's own stamp each of them has a slot, in that order, before those of strangers, the last of which expires at
 * `strangersUntil`. An empty slot is 0 throughout. A slot is of one of two kinds:
 *
 * - 0, strict: closed cells and one open cell, which is in the header: `latest` is its latest charge, `open` its cost.
 *   `used` is the cost of all cells, `grid` the instant from which cells are measured.
 * - 1, smooth: `used` is the debt at `latest`, as `smooth.ts` counts it, in cost times microseconds of the window.
 *
 * Invariants:
 * - Any string is read without an error; what is not whole, or of another version, counts as empty.
 * - A slot of a limit that the caller does not know is kept until it expires, so a rolling deploy resets nobody.
 */
export const value = `
local CELL, BODY, SLOTS, STAMP = 12, 38, 34, 26
local LARGEST = 4294967295
local WHOLE = 9007199254740992
-- In the year 2255; nothing is kept longer.
local LATEST = 8999999999999999
local unpack, pack = struct.unpack, struct.pack
local damaged = 0

local function whole(used, grid, latest, expires, open)
  return used >= open and used < 1e30 and latest >= grid and latest < WHOLE and grid >= 0 and expires >= 0 and expires < WHOLE
end

local function parseSlots(raw)
  local value = { slots = {} }
  local _
  _, value.blockedUntil, value.expires = unpack('<Bdd', raw)
  if not (value.blockedUntil >= 0 and value.blockedUntil < WHOLE and value.expires >= 0 and value.expires < WHOLE) then
    error('damaged')
  end
  local at = SLOTS
  while at <= #raw do
    local body = at + raw:byte(at) + 2
    local head = raw:sub(at, body - 1)
    local closed, used, grid, latest, expires, open, from = unpack('<I2ddddI4', raw, body)
    at = from + closed * CELL
    if at > #raw + 1 or not whole(used, grid, latest, expires, open) then error('damaged') end
    value.slots[head] = { closed = closed, used = used, grid = grid, latest = latest, expires = expires, open = open,
      cells = raw:sub(from, at - 1) }
  end
  return value
end

local function get(key)
  local raw = redis.pcall('GET', key)
  if type(raw) == 'table' then damaged = damaged + 1 end
  if type(raw) ~= 'string' or raw:byte(1) == 1 then return nil end
  return raw
end

-- Whatever it is, as a value.
local function parse(raw)
  if raw then
    local intact, value = pcall(parseSlots, raw)
    if intact and raw:byte(1) == 2 then return value end
    damaged = damaged + 1
  end
  return { slots = {}, blockedUntil = 0, expires = 0 }
end

local function packSlot(head, slot)
  return head .. pack('<I2ddddI4', slot.closed, slot.used, slot.grid, slot.latest, slot.expires, slot.open) .. slot.cells
end

-- Arranged for the scope; the slots of strangers follow while they count.
local function format(value, scope, now)
  local parts, own, expires, strangersUntil = {}, {}, value.blockedUntil, 0
  for i = 1, #scope.rules do
    local head = RULES[scope.rules[i]].head
    local slot = value.slots[head]
    own[head] = true
    parts[i] = slot and packSlot(head, slot) or head .. ('\\0'):rep(BODY)
    if slot and slot.expires > expires then expires = slot.expires end
  end
  for head, slot in pairs(value.slots) do
    if not own[head] and slot.expires > now then
      parts[#parts + 1] = packSlot(head, slot)
      if slot.expires > strangersUntil then strangersUntil = slot.expires end
    end
  end
  if strangersUntil > expires then expires = strangersUntil end
  return pack('<Bdddd', 2, value.blockedUntil, expires, strangersUntil, scope.stamp) .. table.concat(parts), expires
end

local function set(key, raw, expires, now)
  if expires > now then
    redis.call('SET', key, raw, 'PX', math.ceil((expires - now) / 1000))
  else
    redis.call('DEL', key)
  end
end

local function serverTime()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
`;
