import { layout } from '../../entry/layout.ts';
import { Script } from '../script.ts';
import { envelopes } from './envelopes.lua.ts';

/**
 * Lengthens lives of what slides. For each call:
 *
 * - `KEYS` – value.
 * - `ARGV` – stamp of the entry that is meant; until when it is to be fresh, as it stands in an envelope; how long to keep it
 *   at least, in milliseconds, or `''`.
 * - Returns until when it is fresh now, likewise; 0 if it is another entry or slides no more; nothing if there is none.
 */
export const extend: Script = new Script(`${envelopes}
local function keepFor(value, ttlMs)
  local leftMs = redis.call('PTTL', value)
  if leftMs < 0 then return end
  if ttlMs == '' then redis.call('PERSIST', value)
  elseif tonumber(ttlMs) > leftMs then redis.call('PEXPIRE', value, ttlMs) end
end

local answers = {}
for i = 1, #KEYS do
  local value = KEYS[i]
  local stamp, at, ttlMs = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  local header = headerOf(value)
  if not header then answers[i] = false
  elseif stampOf(header) ~= stamp or not slides(header) then answers[i] = 0
  elseif freshUntilOf(header) >= (struct.unpack('<d', at)) then
    answers[i] = struct.pack('<d', freshUntilOf(header))
  else
    redis.call('SETRANGE', value, ${layout.freshUntilAt}, at)
    keepFor(value, ttlMs)
    answers[i] = at
  end
end
return answers
`);
