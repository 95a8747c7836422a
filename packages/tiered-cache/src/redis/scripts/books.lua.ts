/**
 * Functions about the log and what is remembered beside it, for the scripts below them.
 *
 * - `KEYS[1…3]` – log, meta, tags.
 * - `ARGV[1]` – the epoch to begin with if there is none.
 * - `ARGV[2…5]` – for `append`: most entries of the log; origin, change and names of the entry.
 *
 * Meta holds the epoch, how many entries were ever logged, the id of the last one, the id of the last `clear` and the
 * tag floor. Each entry bears its number, so that a missing one is noticed, however it was lost.
 *
 * Without meta an epoch begins that knows nothing of the one before. Its positions are later than all of that one, so that no
 * two changes get the same: it goes on after the last id of the log, or, if that is lost as well, from the clock on, where the
 * microseconds of this millisecond are more than the entries that can have been logged in it.
 *
 * The first command of `open` is a write that changes nothing: a replica refuses it, so nobody reads a log that others no
 * longer write to. It also lets what follows pass while the server is out of memory: an invalidation is never refused for that.
 */
export const books: string = `
local log, meta, tags = KEYS[1], KEYS[2], KEYS[3]
local NONE = '0-0'

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000), time[2] % 1000
end

local function idOf(ms, sequence)
  return string.format('%.0f-%.0f', ms, sequence)
end

local function open()
  redis.call('PERSIST', meta)
  local held = redis.call('HMGET', meta, 'epoch', 'count', 'last', 'cleared', 'floor', 'tagged')
  local state = { epoch = held[1], count = held[2], last = held[3], cleared = held[4], floor = held[5], tagged = held[6] }
  if not (state.epoch and state.count and state.last and state.cleared and state.floor) then
    local newest = redis.pcall('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
    local last = newest and newest[1] or idOf(now())
    state = { epoch = ARGV[1], count = '0', last = last, cleared = NONE, floor = NONE, tagged = false }
    redis.call('UNLINK', log, meta, tags)
    redis.call('HSET', meta, 'epoch', ARGV[1], 'count', 0, 'last', last, 'cleared', NONE, 'floor', NONE)
  elseif state.tagged and redis.call('EXISTS', tags) == 0 then
    state.floor, state.tagged = state.last, false
    redis.call('HSET', meta, 'floor', state.last)
    redis.call('HDEL', meta, 'tagged', 'sweep')
  end
  return state
end

-- Ids only grow, also where the log was lost and the clock went back meanwhile.
local function firstId(last)
  local ms, sequence = last:match('(%d+)-(%d+)')
  if now() > tonumber(ms) then return '*' end
  return idOf(ms, sequence + 1)
end

local function append()
  local state = open()
  local number = string.format('%.0f', state.count + 1)
  local entry = { 'number', number, 'origin', ARGV[3], 'change', ARGV[4], 'names', ARGV[5] }
  local id = redis.call('XADD', log, 'NOMKSTREAM', 'MAXLEN', '~', ARGV[2], '*', unpack(entry))
    or redis.call('XADD', log, firstId(state.last), unpack(entry))
  redis.call('HSET', meta, 'count', number, 'last', id)
  return id
end
`;
