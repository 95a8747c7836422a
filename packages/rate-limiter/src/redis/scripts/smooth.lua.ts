import { literalOf } from './lua.ts';
import { type Slot, windowOf } from './plan.lua.ts';
import { cellSize, latestInstant } from './value.lua.ts';

/** The part of a walk that is about one smooth limit. It has no cells, but a damaged value may say otherwise. */
export function smooth({ rule, number, head, body }: Slot, byServer: boolean): string {
  const { limit, burst, minFactor, shadow, countsAttempts } = rule;
  const window = windowOf(rule);
  const capacity = burst * window;
  const slot = `slot${number}`;
  const lowered = `
  local lowered = factor < 1 and math.max(1, math.floor(${limit} * math.max(factor, ${minFactor}))) or ${limit}
  if lowered < ${limit} then unit = math.floor(${window * limit} / lowered) end`;
  return `
-- ${JSON.stringify(rule.name)}, smooth
if ${slot} == YES then
  local unit = ${window}
  ${limit > 0 && minFactor < 1 ? lowered : ''}
  local closed, used, grid, latest, ends, open = unpack('<BddddI4', raw, ${body})
  cell = cell + closed * ${cellSize}
  if not (used >= open and used < 1e30 and latest >= grid and latest < WHOLE and cell <= #raw + 1) then
    isWhole = false
    break
  end
  if latest > now then
    ${byServer ? `if latest <= now + ${window} then now = latest break end` : 'now = latest break'}
    ${byServer ? 'used, latest = 0, 0' : ''}
  end
  used = used - (now - latest) * ${limit}
  if used < 0 then used = 0 end
  local hasRoom = ${limit > 0 ? `used + cost * unit <= ${capacity}` : 'false'}
  ${shadow ? '' : 'if not hasRoom then refuses = true end'}
  ${slot} = hasRoom and charges >= ${countsAttempts ? 'ATTEMPTS' : 'ALL'}
  if ${slot} then used = used + cost * unit end
  local resets = used > 0 and ceil(used / ${limit}) or 0
  if resets > WHOLE then resets = WHOLE end
  if ${slot} then
    ends = now + resets
    if ends > ${latestInstant} then ends = ${latestInstant} end
    if ends > expires then expires = ends end
    ${slot} = pack('<c${head.length}BddddI4', ${literalOf(head)}, closed, used, grid, now, ends, open)
  end
  local excess, left = used + wanted * unit - ${capacity}, (${capacity} - used) / unit
  left = ${limit > 0 ? 'left > 0 and left - left % 1 or 0' : '0'}
  if ${slot} and excess <= 0 then
    n = n + 2
    reply[n - 1], reply[n] = left, resets
  else
    local passes = 0
    if ${limit > 0 ? `wanted * unit > ${capacity}` : 'true'} then
      passes = -1
    elseif excess > 0 then
      passes = math.min(WHOLE, ceil(excess / ${limit}))
    end
    reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = hasRoom and -1 or -2, left, passes, resets
    n = n + 4
  end
else
  ${slot}, cell = false, cell + byte(raw, ${body}) * ${cellSize}
end`;
}
