/** Functions over one rule: what costs and limits are in the units of a slot. */
export const rules = `
-- The debt of one unit of cost: strict costs are as they are.
local function unitOf(rule, limit)
  if rule.kind == 0 then return 1 end
  if limit == rule.limit then return rule.window end
  return math.floor(rule.window * rule.limit / limit)
end

local function capacityOf(rule, limit)
  if rule.kind == 0 then return limit end
  return rule.burst * rule.window
end

local function limitAt(rule, factor)
  local share = math.max(factor, rule.minFactor or 1)
  if share >= 1 or rule.limit == 0 then return rule.limit end
  return math.max(1, math.floor(rule.limit * share))
end

-- With the open one, as many cells as a window touches; what comes on top of that, by penalties, counts with the last.
local MOST_CLOSED = 32

local function sameCell(rule, closed, grid, latest, now)
  if latest == now or closed >= MOST_CLOSED then return true end
  if not rule.cells then return false end
  local earlier = (latest - grid) * rule.cells / rule.window
  local later = (now - grid) * rule.cells / rule.window
  return earlier - earlier % 1 == later - later % 1
end
`;
