/** Functions that read and write what is under a key. `damaged` counts what turned out to be no value. */
export const keys = `
local damaged = 0

local function get(key)
  local raw = redis.pcall('GET', key)
  if raw and type(raw) ~= 'string' then
    damaged = damaged + 1
    return false
  end
  return raw
end

local function set(key, raw, expires, now)
  if expires > now then
    redis.call('SET', key, raw, 'PX', math.ceil((expires - now) / 1000))
  else
    redis.call('DEL', key)
  end
end
`;
