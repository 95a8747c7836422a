/**
 * Everything that a process has to say and to ask, in one atomic step by the server's clock: it gives leases back, keeps
 * those of operations that run, and asks for more.
 *
 * KEYS   1 leases: sorted set, id of a lease -> when it ends, in ms
 *        2 hungry: sorted set, id of a process that was refused -> until when that counts, in ms
 * ARGV   1 id of the process   2 limit   3 ms that a lease lasts   4 ms that a refusal counts
 *        5 how many leases it holds   6 how many ids are given back   7 how many are kept   8 how many are asked for
 *        9… the ids, in that order
 * Gives  how many of those asked for were granted, the first ones; how many of those kept had ended
 *
 * A lease that is kept is kept even if it had ended, because its operation runs: it counts, also above the limit. While
 * other processes are hungry, a process gets no more than its equal share.
 */
export const lease = `
local leases, hungry = KEYS[1], KEYS[2]
local process, limit, lease_ms, hunger_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local held, returned, kept, asked = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = now + lease_ms
local at = 9

redis.call('ZREMRANGEBYSCORE', leases, '-inf', now)
redis.call('ZREMRANGEBYSCORE', hungry, '-inf', now)
for index = at, at + returned - 1 do redis.call('ZREM', leases, ARGV[index]) end
at = at + returned
local lost = 0
for index = at, at + kept - 1 do lost = lost + redis.call('ZADD', leases, ends, ARGV[index]) end
at = at + kept

redis.call('ZREM', hungry, process)
local granted = math.max(0, math.min(asked, limit - redis.call('ZCARD', leases)))
local others = redis.call('ZCARD', hungry)
if others > 0 then
  local share = math.max(1, math.floor(limit / (others + 1)))
  granted = math.max(0, math.min(granted, share - held))
end
for index = at, at + granted - 1 do redis.call('ZADD', leases, ends, ARGV[index]) end
if granted < asked then
  redis.call('ZADD', hungry, now + hunger_ms, process)
  redis.call('PEXPIRE', hungry, hunger_ms)
end
if redis.call('ZCARD', leases) > 0 then redis.call('PEXPIRE', leases, lease_ms) end
return { granted, lost }
`;
