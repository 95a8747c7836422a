import { mostClosed } from './strict.lua.ts';

/** Functions over one rule: what costs and limits are in the units of a slot. */
export const rules: string = `
-- The debt of one unit of cost: strict costs are as they are.
local function unitOf(rule)
  return rule.kind == 0 and 1 or rule.window
end

local function capacityOf(rule)
  return rule.burst * unitOf(rule)
end

local function sameCell(rule, closed, grid, latest, now)
  if latest == now or closed >= ${mostClosed} then return true end
  if rule.cells == 0 then return false end
  local earlier = (latest - grid) * rule.cells / rule.window
  local later = (now - grid) * rule.cells / rule.window
  return math.floor(earlier) == math.floor(later)
end
`;
