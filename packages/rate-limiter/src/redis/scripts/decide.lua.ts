import { rules } from './rules.lua.ts';
import { value } from './value.lua.ts';

/**
 * Decides about calls, one after the other, and charges those for which every limit has room.
 *
 * - `RULES` and `SCOPES` – the limits of the plan, put before this text.
 * - `ARGV[1]` – now, or `''` to read the server's clock.
 * - `ARGV[2…]` – for each call: its cost, a whole number (0 looks and writes nothing); its factor; and its groups, as
 *   characters: for each group how many rules, then the places of the rules in the plan, ascending.
 * - `KEYS` – for each call and group, one value. Calls may share values.
 * - Returns how many values were damaged, then for each call the instant, and for each of its groups how long the subject
 *   is blocked and for each rule: -1 if it has room, else -2; what is left; the time until the same cost, at least 1, would
 *   pass (-1: never); the time until nothing counts. All times are whole microseconds. Of a strict rule that was charged and
 *   has room for as much again only what is left: the rest follows.
 *
 * Atomic over all keys and calls. A refusal writes nothing but the rules that count attempts, not even an expiry.
 *
 * A server clock that went back does not free or stretch anything: time stands still until it has caught up, and what lies
 * further ahead than its own window is forgotten. A clock that callers bring is trusted as it is.
 *
 * Written for speed, as this is what a decision costs: a call is taken for admitted, so that one walk over its slots judges,
 * charges and reads them. Only if it is not, a second walk follows.
 */
export const decide: string = `${value}${rules}
local startedAt = tonumber(ARGV[1])
local byServer = startedAt == nil
if byServer then startedAt = serverTime() end
local now
local HUGE = 1e30
local sub, concat, ceil, min = string.sub, table.concat, math.ceil, math.min

local reply, n = { 0 }, 1
local values, changed = {}, {}

-- Strict: what still counts of the closed cells.
local function forget(raw, from, closed, used, window)
  while closed > 0 do
    local ended, cost = unpack('<dI4', raw, from)
    if ended + window > now then break end
    closed, used, from = closed - 1, used - cost, from + CELL
  end
  return closed, used, from
end

-- Strict: when so much of the cost was charged as 'excess', from the oldest cell on.
local function chargedBy(cells, from, closed, latest, excess)
  for _ = 1, closed do
    local ended, cost = unpack('<dI4', cells, from)
    excess = excess - cost
    if excess <= 0 then return ended end
    from = from + CELL
  end
  return latest
end

-- The value under a key, arranged for the scope.
local function valueOf(name, scope)
  local raw = values[name]
  if raw then return raw end
  raw = get(name)
  if not raw or #raw < SLOTS - 1 or raw:byte(1) ~= 2 or unpack('<d', raw, STAMP) ~= scope.stamp then
    raw = format(parse(raw), scope, startedAt)
  end
  values[name] = raw
  return raw
end

-- Judges and reads the slots of one group, whose rules are at codes[first] to codes[past], and charges those of which
-- 'charges' says so: 'all', 'attempts' or 'none'. Returns whether a rule refuses, until when the subject is blocked, and the
-- value and its expiry if it changed.
local function walk(name, codes, first, past, cost, factor, charges)
  local scope = SCOPES[RULES[codes[first]].scope]
  local members = scope.rules
  local raw = valueOf(name, scope)
  local _, blockedUntil, expires, strangersUntil = unpack('<Bddd', raw)
  if not (blockedUntil >= 0 and blockedUntil < WHOLE and expires >= 0 and expires < WHOLE) then error('damaged') end
  local wanted = cost > 1 and cost or 1
  local refuses = false
  local parts, count, copied
  local at, member = SLOTS, 0
  n = n + 1
  reply[n] = blockedUntil > now and blockedUntil - now or 0
  for place = first, past do
    local index = codes[place]
    local rule, body, closed, used, grid, latest, ends, open, from
    repeat
      member = member + 1
      rule = RULES[members[member]]
      body = at + rule.headLength
      closed, used, grid, latest, ends, open, from = unpack('<I2ddddI4', raw, body)
      at = from + closed * CELL
    until members[member] == index
    if not (used >= open and used < HUGE and latest >= grid and latest < WHOLE) then error('damaged') end
    local window, limit = rule.window, rule.limit
    if latest > now then
      if byServer and latest > now + window then closed, used, latest, open = 0, 0, 0, 0
      else error({ ahead = latest }) end
    end

    if factor < 1 then limit = limitAt(rule, factor) end
    local unit, capacity, isSmooth = 1, limit, rule.kind == 1
    if isSmooth then
      unit, capacity = unitOf(rule, limit), rule.burst * window
      used = used - (now - latest) * rule.limit
      if used < 0 then used = 0 end
    elseif latest + window <= now then closed, used, open = 0, 0, 0
    elseif closed > 0 then closed, used, from = forget(raw, from, closed, used, window) end

    local hasRoom = limit > 0 and used + cost * unit <= capacity
    local cells = raw
    if not hasRoom then refuses = refuses or not rule.shadow
    elseif charges == 'all' or charges == 'attempts' and rule.attempts then
      if not parts then parts, count, copied = { '' }, 1, SLOTS end
      cells = closed > 0 and sub(raw, from, at - 1) or ''
      if isSmooth then
        used = used + cost * unit
        ends = min(LATEST, now + ceil(used / rule.limit))
      else
        if used == 0 then grid = now
        elseif latest ~= now and not sameCell(rule, closed, grid, latest, now) then
          cells, closed, open = cells .. pack('<dI4', latest, open), closed + 1, 0
        end
        used, open, ends = used + cost, open + cost, now + window
      end
      latest, from = now, 1
      if ends > expires then expires = ends end
      count = count + 1
      parts[count] = sub(raw, copied, body - 1) .. pack('<I2ddddI4', closed, used, grid, latest, ends, open) .. cells
      copied = at
    end

    local left = (capacity - used) / unit
    local excess = used + wanted * unit - capacity
    local passes = 0
    if limit == 0 or wanted * unit > capacity then passes = -1
    elseif excess > 0 then
      if isSmooth then passes = min(WHOLE, ceil(excess / rule.limit))
      else passes = chargedBy(cells, from, closed, latest, excess) + window - now end
    end
    left = limit > 0 and left > 0 and left - left % 1 or 0
    if passes == 0 and not isSmooth and copied == at then
      n = n + 1
      reply[n] = left
    else
      reply[n + 1] = hasRoom and -1 or -2
      reply[n + 2] = left
      reply[n + 3] = passes
      n = n + 4
      if used == 0 then reply[n] = 0
      elseif isSmooth then reply[n] = min(WHOLE, ceil(used / rule.limit))
      else reply[n] = latest + window - now end
    end
  end
  if not parts then return refuses, blockedUntil end
  parts[1] = pack('<Bdddd', 2, blockedUntil, expires, strangersUntil, scope.stamp)
  parts[count + 1] = sub(raw, copied)
  raw = concat(parts)
  if strangersUntil > 0 and strangersUntil <= now then raw = format(parse(raw), scope, now) end
  return refuses, blockedUntil, raw, expires
end

-- Over all groups of a call. Returns the last of its keys.
local function walkAll(firstKey, cost, factor, codes, charges)
  local refused, blockedUntil = false, 0
  local base, key, at = n, firstKey - 1, 1
  local written = {}
  n = n + 1
  while at <= #codes do
    local past = at + codes[at]
    key = key + 1
    local refuses, blocked, raw, expires = walk(KEYS[key], codes, at + 1, past, cost, factor, charges)
    refused = refused or refuses
    if blocked > blockedUntil then blockedUntil = blocked end
    if raw then written[#written + 1] = { KEYS[key], raw, expires } end
    at = past + 1
  end
  if charges == 'all' and (refused or blockedUntil > now) then
    n = base
    return walkAll(firstKey, cost, factor, codes, 'attempts')
  end
  for i = 1, #written do
    local name = written[i][1]
    values[name], changed[name] = written[i][2], written[i][3]
  end
  reply[base + 1] = now
  return key
end

local function decide(firstKey, cost, factor, codes)
  local base = n
  now = startedAt
  -- Twice at most per group: once for a damaged value, once for an instant that lies ahead.
  for _ = 1, 2 * #codes do
    local done, result = pcall(walkAll, firstKey, cost, factor, codes, cost > 0 and 'all' or 'none')
    if done then return result end
    n = base
    if type(result) == 'table' and result.ahead then now = result.ahead
    else
      local key, at = firstKey, 1
      while at <= #codes do
        local raw = values[KEYS[key]]
        if raw then values[KEYS[key]] = format(parse(raw), SCOPES[RULES[codes[at + 1]].scope], startedAt) end
        key, at = key + 1, at + codes[at] + 1
      end
    end
  end
end

local key = 0
for i = 2, #ARGV, 3 do key = decide(key + 1, tonumber(ARGV[i]), tonumber(ARGV[i + 1]), { ARGV[i + 2]:byte(1, -1) }) end
for name, expires in pairs(changed) do set(name, values[name], expires, startedAt) end
reply[1] = damaged
return reply
`;
