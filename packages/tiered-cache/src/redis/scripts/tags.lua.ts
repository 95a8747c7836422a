import { Script } from '../script.ts';
import { books } from './books.lua.ts';

/** First part of the field that holds when a tag was last deleted, or expired. */
export const tagFields = { 'delete-tags': 'd:', 'expire-tags': 'e:' } as const;

/** Fields looked at in one call while the oldest are removed. */
const sweepFields = 400;
/** Fields looked at to find out which half is the older one. */
const sampleFields = 101;

/**
 * Remembers when tags were invalidated.
 *
 * - `KEYS` – those of the books; `ARGV[1…5]` as well.
 * - `ARGV[6]` – most fields.
 * - `ARGV[7]` – first part of the fields.
 * - `ARGV[8…]` – the tags.
 * - Returns the id of the entry.
 *
 * Past the limit the older half is forgotten, as a sample tells it: the floor rises at once, and the fields below it are
 * removed some at a time, by this call and those that follow.
 */
export const invalidateTags: Script = new Script(`${books}
local function isOlder(one, other)
  local ms, sequence = one:match('(%d+)-(%d+)')
  local otherMs, otherSequence = other:match('(%d+)-(%d+)')
  if ms ~= otherMs then return tonumber(ms) < tonumber(otherMs) end
  return tonumber(sequence) < tonumber(otherSequence)
end

local function raiseFloor()
  local sample = redis.call('HRANDFIELD', tags, ${sampleFields}, 'WITHVALUES')
  local ids = {}
  for i = 2, #sample, 2 do ids[#ids + 1] = sample[i] end
  table.sort(ids, isOlder)
  local middle = ids[math.ceil(#ids / 2)]
  if isOlder(redis.call('HGET', meta, 'floor'), middle) then redis.call('HSET', meta, 'floor', middle) end
end

local function sweep(cursor)
  local floor = redis.call('HGET', meta, 'floor')
  local found = redis.call('HSCAN', tags, cursor, 'COUNT', ${sweepFields})
  for i = 1, #found[2], 2 do
    if not isOlder(floor, found[2][i + 1]) then redis.call('HDEL', tags, found[2][i]) end
  end
  if found[1] == '0' then redis.call('HDEL', meta, 'sweep')
  else redis.call('HSET', meta, 'sweep', found[1]) end
  if redis.call('EXISTS', tags) == 0 then redis.call('HDEL', meta, 'tagged', 'sweep') end
end

local id = append()
for i = 8, #ARGV do redis.call('HSET', tags, ARGV[7] .. ARGV[i], id) end
redis.call('HSET', meta, 'tagged', 1)
local cursor = redis.call('HGET', meta, 'sweep')
if not cursor and redis.call('HLEN', tags) > tonumber(ARGV[6]) then
  raiseFloor()
  cursor = '0'
end
if cursor then sweep(cursor) end
return id
`);

/** `KEYS` – those of the books. `ARGV` – epoch to begin with; fields. Returns the tag floor and what the fields hold. */
export const lookUpTags: Script = new Script(`${books}
return { open().floor, redis.call('HMGET', tags, unpack(ARGV, 2)) }
`);
