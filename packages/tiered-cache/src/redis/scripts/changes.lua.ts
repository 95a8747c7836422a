import { Script } from '../script.ts';
import { books } from './books.lua.ts';
import { envelopes } from './envelopes.lua.ts';

/** A change of values, in two forms. The order in both is: change first, log then. */
export interface ChangeScripts {
  /**
   * Changes and logs at once: `KEYS` – log, meta, tags, then value and lease of each key; `ARGV` – those of the books, then the
   * change's own. Returns the id of the entry; nothing if the change was refused.
   */
  readonly logged: Script;
  /** Changes one key and logs nothing: `KEYS` – value, lease; `ARGV` – the change's own. Returns 0 if it was refused. */
  readonly unlogged: Script;
}

/** `ARGV` – envelope; its life in milliseconds, or `''`. Refused if a newer version is there. */
export const set: ChangeScripts = change(`
local function change(key, arg)
  local value, envelope = KEYS[key], ARGV[arg]
  if isNewer(headerOf(value), envelope) then return false end
  keep(value, envelope, ARGV[arg + 1])
  endLease(KEYS[key + 1])
  return true
end
`);

/** `ARGV` – how long to hold the keys, in milliseconds; tombstone, or `''`; its life, or `''`. */
export const remove: ChangeScripts = change(`
local function hold(lease, ms)
  if holderOf(lease) == HOLD and redis.call('PTTL', lease) >= tonumber(ms) then return end
  redis.call('SET', lease, HOLD, 'PX', ms)
end

local function change(key, arg)
  local settleMs, tombstone = ARGV[arg], ARGV[arg + 1]
  for i = key, #KEYS, 2 do
    local value, lease = KEYS[i], KEYS[i + 1]
    if tombstone == '' then redis.call('UNLINK', value)
    elseif not isNewer(headerOf(value), tombstone) then
      redis.call('UNLINK', value)
      keep(value, tombstone, ARGV[arg + 2])
    end
    if settleMs == '0' then endLease(lease) else hold(lease, settleMs) end
  end
  return true
end
`);

/** `ARGV` – the instant, as it stands in an envelope. */
export const expire: ChangeScripts = change(`
local function change(key, arg)
  local at = struct.unpack('<d', ARGV[arg])
  for i = key, #KEYS, 2 do
    local value = KEYS[i]
    endLease(KEYS[i + 1])
    local header = headerOf(value)
    if header and (freshUntilOf(header) > at or slides(header)) then endLife(value, math.min(freshUntilOf(header), at)) end
  end
  return true
end
`);

function change(source: string): ChangeScripts {
  return {
    logged: new Script(`${envelopes}${books}${source}
if not change(4, 6) then return false end
return append()
`),
    unlogged: new Script(`${envelopes}${source}
return change(1, 1) and 1 or 0
`),
  };
}
