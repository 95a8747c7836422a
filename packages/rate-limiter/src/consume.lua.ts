import { packedCounts } from './packed-counts.lua.ts';

/**
 * Decides about one call and charges it if every limit has room.
 *
 * - `KEYS` – one value per scope of the subject.
 * - `ARGV[1]` – the cost, a whole number; 0 looks and writes nothing.
 * - `ARGV[2]` – now, or `''` to read the server's clock.
 * - `ARGV[3…]` – for each key: how many limits, then for each of them its name, limit, window and cells per window
 *   (0: exact).
 * - Returns `now`, then for each limit: 1 if it refused, else 0; what is left; the time until the same cost, at least
 *   1, would pass (-1: never); the time until nothing counts.
 *
 * Atomic over all keys. A refusal writes nothing, not even an expiry. All times are whole microseconds.
 *
 * A server clock that went back does not free or stretch anything: time stands still until it has caught up, and what
 * lies further ahead than its own window is forgotten. A clock that callers bring is never trusted so far.
 */
export const consume: string = `${packedCounts}
local cost = tonumber(ARGV[1])
local now = tonumber(ARGV[2])
local serverTime = now == nil
if serverTime then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local values, rules = {}, {}
local at = 3
local latest = now
for k = 1, #KEYS do
  local raw, slots = load(KEYS[k])
  local byName = {}
  for i = 1, #slots do byName[slots[i].name] = slots[i] end
  values[k] = { raw = raw, slots = slots, rules = {} }
  for _ = 1, tonumber(ARGV[at]) do
    local name = ARGV[at + 1]
    local rule = { name = name, limit = tonumber(ARGV[at + 2]), window = tonumber(ARGV[at + 3]),
      grids = tonumber(ARGV[at + 4]), raw = raw, count = 0, used = 0, grid = 0, cells = 1 }
    local slot = byName[name]
    if slot then slot.known = true end
    if slot and slot.count > 0 then
      local tail = cellAt(raw, slot.past - CELL)
      if not (serverTime and tail > now + rule.window) then
        rule.count, rule.used, rule.grid, rule.cells, rule.tail = slot.count, slot.used, slot.grid, slot.cells, tail
        if tail > latest then latest = tail end
      end
    end
    rules[#rules + 1] = rule
    values[k].rules[#values[k].rules + 1] = rule
    at = at + 4
  end
  at = at + 1
end
now = latest

local refused = false
for i = 1, #rules do
  local rule = rules[i]
  while rule.count > 0 do
    local last, spent = cellAt(rule.raw, rule.cells)
    if last + rule.window > now then break end
    rule.used, rule.count, rule.cells = rule.used - spent, rule.count - 1, rule.cells + CELL
  end
  rule.refuses = rule.limit == 0 or rule.used + cost > rule.limit
  refused = refused or rule.refuses
end

local function cellOf(rule, time)
  return math.floor((time - rule.grid) * rule.grids / rule.window)
end

local function charge(rule)
  local kept = rule.count
  local spent = cost
  if kept == 0 then rule.grid = now
  elseif rule.tail == now or (rule.grids > 0 and cellOf(rule, rule.tail) == cellOf(rule, now)) then
    kept = kept - 1
    local _, earlier = cellAt(rule.raw, rule.cells + kept * CELL)
    spent = spent + earlier
  end
  local cells = rule.raw:sub(rule.cells, rule.cells + kept * CELL - 1) .. struct.pack('<dI4', now, spent)
  rule.raw, rule.cells, rule.count, rule.used, rule.tail = cells, 1, kept + 1, rule.used + cost, now
end

if not refused and cost > 0 then
  for k = 1, #KEYS do
    local value = values[k]
    local parts, expires = {}, now
    for _, rule in ipairs(value.rules) do
      charge(rule)
      parts[#parts + 1] = packSlot(rule.name, rule.count, rule.used, rule.grid, now + rule.window, rule.raw)
      expires = math.max(expires, now + rule.window)
    end
    for _, slot in ipairs(value.slots) do
      if not slot.known and slot.expires > now then
        parts[#parts + 1] = value.raw:sub(slot.first, slot.past - 1)
        expires = math.max(expires, slot.expires)
      end
    end
    save(KEYS[k], now, parts, expires)
  end
end

local wanted = math.max(1, cost)
local function passesAfter(rule)
  if wanted > rule.limit then return -1 end
  local excess = rule.used + wanted - rule.limit
  if excess <= 0 then return 0 end
  for i = 0, rule.count - 1 do
    local last, spent = cellAt(rule.raw, rule.cells + i * CELL)
    excess = excess - spent
    if excess <= 0 then return last + rule.window - now end
  end
  return 0
end

local reply = { now }
for i = 1, #rules do
  local rule = rules[i]
  reply[#reply + 1] = rule.refuses and 1 or 0
  reply[#reply + 1] = math.max(0, rule.limit - rule.used)
  reply[#reply + 1] = passesAfter(rule)
  reply[#reply + 1] = rule.count == 0 and 0 or rule.tail + rule.window - now
end
return reply
`;
