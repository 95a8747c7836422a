/**
 * Functions that both scripts share: the packed value of one scope of one subject, which holds all the limits of that
 * scope. Times are whole microseconds since 1970.
 *
 *     value = version(u8 = 1) slot*
 *     slot  = nameLength(u8) name cellCount(u16) used(u32) gridStartsAt(f64) expiresAt(f64) cell*
 *     cell  = latestAdmissionAt(f64) cost(u32)
 *
 * All numbers are little-endian. A value of another version or shape counts as empty, so nothing that is found under
 * a key can fail a request.
 */
export const packedCounts = `
local CELL = 12

local function unpackSlots(raw)
  local slots = {}
  local at = 2
  while at <= #raw do
    local slot = { first = at }
    slot.name, at = struct.unpack('<Bc0', raw, at)
    slot.count, slot.used, slot.grid, slot.expires, at = struct.unpack('<I2I4dd', raw, at)
    slot.cells = at
    at = at + slot.count * CELL
    if at > #raw + 1 then error('cut short') end
    slot.past = at
    slots[#slots + 1] = slot
  end
  return slots
end

local function load(key)
  local raw = redis.pcall('GET', key)
  if type(raw) ~= 'string' or raw:byte(1) ~= 1 then return '', {} end
  local whole, slots = pcall(unpackSlots, raw)
  if not whole then return '', {} end
  return raw, slots
end

local function cellAt(raw, at)
  return struct.unpack('<dI4', raw, at)
end

local function packSlot(name, count, used, grid, expires, cells)
  return struct.pack('<Bc0I2I4dd', #name, name, count, used, grid, expires) .. cells
end

-- Slots of limits that this caller does not know are kept until they run out: a rolling deploy resets nobody.
local function save(key, now, parts, expires)
  redis.call('SET', key, '\\1' .. table.concat(parts), 'PX', string.format('%.0f', math.ceil((expires - now) / 1000)))
end
`;
