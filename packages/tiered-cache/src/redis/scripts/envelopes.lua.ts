import { layout } from '../../entry/layout.ts';

const magic = [layout.magic >> 8, layout.magic & 0xff, layout.version].map((byte) => `\\${byte}`).join('');

/**
 * Functions about values and leases, for the scripts below them. What is under a value's key and no envelope of this
 * layout counts as absent, of whatever type it is.
 */
export const envelopes: string = `
local HOLD = 'HOLD'

local function headerOf(value)
  local bytes = redis.pcall('GETRANGE', value, 0, ${layout.etagAt - 1})
  if type(bytes) == 'string' and #bytes == ${layout.etagAt} and bytes:sub(1, 3) == '${magic}' then return bytes end
end

local function stampOf(header)
  return header:sub(${layout.stampAt + 1}, ${layout.stampAt + layout.stampBytes})
end

local function freshUntilOf(header)
  return (struct.unpack('<d', header, ${layout.freshUntilAt + 1}))
end

local function slides(header)
  return (struct.unpack('<d', header, ${layout.slidingAt + 1})) < math.huge
end

-- The end of a sliding life is a different thing for whoever lengthens it: it slides no more.
local function endLife(value, at)
  redis.call('SETRANGE', value, ${layout.freshUntilAt}, struct.pack('<dd', at, math.huge))
end

-- Whether what is stored forbids to store the envelope. One without a version is older than none.
local function isNewer(header, envelope)
  local version = struct.unpack('<d', envelope, ${layout.versionAt + 1})
  return header and version >= 0 and (struct.unpack('<d', header, ${layout.versionAt + 1})) > version
end

local function keep(value, envelope, ttlMs)
  if ttlMs == '' then redis.call('SET', value, envelope)
  else redis.call('SET', value, envelope, 'PX', ttlMs) end
end

local function holderOf(lease)
  local holder = redis.pcall('GET', lease)
  return type(holder) == 'string' and holder
end

-- A hold ends by time alone.
local function endLease(lease)
  if holderOf(lease) ~= HOLD then redis.call('UNLINK', lease) end
end
`;
