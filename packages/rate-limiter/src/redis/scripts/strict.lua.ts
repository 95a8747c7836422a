import { literalOf } from './lua.ts';
import { type Slot, windowOf } from './plan.lua.ts';
import { cellSize } from './value.lua.ts';

/** With the open one, as many cells as a window touches; what comes on top of that, by penalties, counts with the last. */
export const mostClosed = 32;

/** The part of a walk that is about one strict limit. Its cells lie from `cell` to before `past`. */
export function strict({ rule, number, head, body }: Slot, byServer: boolean): string {
  const { limit, cells, minFactor, shadow, countsAttempts } = rule;
  const window = windowOf(rule);
  const slot = `slot${number}`;
  const lowers = limit > 0 && minFactor < 1;
  return `
-- ${JSON.stringify(rule.name)}, strict
if ${slot} == YES then
  local limit = ${limit}
  ${lowers ? `if factor < 1 then limit = math.max(1, math.floor(${limit} * math.max(factor, ${minFactor}))) end` : ''}
  local closed, used, grid, latest, ends, open = unpack('<BddddI4', raw, ${body})
  local from, past, added = cell, cell + closed * ${cellSize}, ''
  if not (used >= open and used < 1e30 and latest >= grid and latest < WHOLE and past <= #raw + 1) then
    isWhole = false
    break
  end
  if latest > now then
    ${byServer ? `if latest <= now + ${window} then now = latest break end` : 'now = latest break'}
    ${byServer ? 'latest = 0' : ''}
  end
  if latest + ${window} <= now then closed, used, open, from = 0, 0, 0, past end
  while from < past do
    local ended, spent = unpack('<dI4', raw, from)
    if ended + ${window} > now then break end
    closed, used, from = closed - 1, used - spent, from + ${cellSize}
  end
  local hasRoom = ${limit > 0 ? 'used + cost <= limit' : 'false'}
  ${shadow ? '' : 'if not hasRoom then refuses = true end'}
  ${slot} = false
  if hasRoom and charges >= ${countsAttempts ? 'ATTEMPTS' : 'ALL'} then
    if from > cell then cells, copied = cells .. sub(raw, copied, cell - 1), from end
    ${cells > 0 ? cellsOf(cells, window) : ''}
    if used == 0 then
      grid = now
    elseif latest ~= now and closed < ${mostClosed} ${cells > 0 ? 'and earlier - earlier % 1 ~= later - later % 1' : ''} then
      added = pack('<dI4', latest, open)
      cells, copied = cells .. sub(raw, copied, past - 1) .. added, past
      closed, open = closed + 1, 0
    end
    used, open, latest, ends = used + cost, open + cost, now, now + ${window}
    if ends > expires then expires = ends end
    ${slot} = pack('<c${head.length}BddddI4', ${literalOf(head)}, closed, used, grid, latest, ends, open)
  end
  if ${slot} and used + wanted <= limit then
    n = n + 1
    reply[n] = limit - used
  else
    local passes, excess = 0, used + wanted - limit
    if wanted > limit then
      passes = -1
    elseif excess > 0 then
      -- When so much was charged, from the oldest cell on, has left the window.
      passes = latest + ${window} - now
      local counting = sub(raw, from, past - 1) .. added
      for oldest = 1, #counting, ${cellSize} do
        local ended, spent = unpack('<dI4', counting, oldest)
        excess = excess - spent
        if excess <= 0 then
          passes = ended + ${window} - now
          break
        end
      end
    end
    reply[n + 1], reply[n + 2] = hasRoom and -1 or -2, used < limit and limit - used or 0
    reply[n + 3], reply[n + 4] = passes, used > 0 and latest + ${window} - now or 0
    n = n + 4
  end
  cell = past
else
  ${slot}, cell = false, cell + byte(raw, ${body}) * ${cellSize}
end`;
}

/** In which cells the latest charge and this one are; Lua's `%` costs less than its `math.floor`. */
function cellsOf(cells: number, window: number): string {
  const cellOf = (instant: string): string => `(${instant} - grid) * ${cells} / ${window}`;
  return `local earlier, later = ${cellOf('latest')}, ${cellOf('now')}`;
}
