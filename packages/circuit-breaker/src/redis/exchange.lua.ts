/**
 * One exchange of a node with its fleet: it tells its own counts, learns those of the others, and asks for leave to make
 * trial calls.
 *
 * - `KEYS[1]` - hash of the nodes: node id to `open|calls|failures|told at`.
 * - `KEYS[2]` - hash of the leases: node id to the millisecond at which its lease ends.
 * - `ARGV[1]` - node id. `ARGV[2]` - `1` if its circuit is open, else `0`.
 * - `ARGV[3]`, `ARGV[4]` - calls and failures in its window.
 * - `ARGV[5]` - milliseconds for which what a node told stays good.
 * - `ARGV[6]` - milliseconds for which it wants a lease; `0` gives its lease back, `-1` lets it run out.
 * - `ARGV[7]` - leases that there may be.
 * - Returns the live nodes, the open ones among them, those with calls, the calls, the failures, and `1` if the node
 *   has a lease now.
 *
 * Atomic, by the server's clock. A node writes under its own id only: one that has just started changes nothing that
 * others told.
 */
export const exchange: string = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local node, goodFor, leaseFor, leases = ARGV[1], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

redis.call('HSET', KEYS[1], node, ARGV[2] .. '|' .. ARGV[3] .. '|' .. ARGV[4] .. '|' .. now)
redis.call('PEXPIRE', KEYS[1], goodFor)
local live, open, busy, calls, failures = 0, 0, 0, 0, 0
local told = redis.call('HGETALL', KEYS[1])
for i = 1, #told, 2 do
  local isOpen, itsCalls, itsFailures, at = told[i + 1]:match('^(%d)|(%d+)|(%d+)|(%d+)$')
  if at == nil or now - tonumber(at) >= goodFor then
    redis.call('HDEL', KEYS[1], told[i])
  else
    live = live + 1
    open = open + tonumber(isOpen)
    calls = calls + tonumber(itsCalls)
    failures = failures + tonumber(itsFailures)
    if tonumber(itsCalls) > 0 then busy = busy + 1 end
  end
end

local held = 0
if leaseFor == 0 then
  redis.call('HDEL', KEYS[2], node)
elseif leaseFor > 0 then
  local taken = 0
  local leased = redis.call('HGETALL', KEYS[2])
  for i = 1, #leased, 2 do
    if tonumber(leased[i + 1]) <= now then redis.call('HDEL', KEYS[2], leased[i])
    elseif leased[i] ~= node then taken = taken + 1 end
  end
  if taken < leases then
    held = 1
    redis.call('HSET', KEYS[2], node, now + leaseFor)
    redis.call('PEXPIRE', KEYS[2], math.max(leaseFor, redis.call('PTTL', KEYS[2])))
  end
end
return { live, open, busy, calls, failures, held }
`;
