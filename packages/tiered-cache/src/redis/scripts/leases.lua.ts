import { Script } from '../script.ts';
import { envelopes } from './envelopes.lua.ts';

/** How a call of {@link acquire} is answered, if not by the bytes that are stored. */
export const acquired = { busy: 0, granted: 1, settling: 2 } as const;

/**
 * Gives out leases. For each call:
 *
 * - `KEYS` – value and lease.
 * - `ARGV` – token; its life in milliseconds; the stamp known to the caller, or `''`.
 * - Returns a number of {@link acquired}, or what is stored.
 *
 * Asking again with the same token is granted again: a client may send twice what it got no answer to. What is under a
 * lease's key and is no text, or never ends, is somebody else's: waiting for it would have no end, so it is replaced.
 */
export const acquire: Script = new Script(`${envelopes}
local answers = {}
for i = 1, #KEYS / 2 do
  local value, lease = KEYS[2 * i - 1], KEYS[2 * i]
  local token, leaseMs, known = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  local header = headerOf(value)
  if header and stampOf(header) ~= known then
    answers[i] = redis.call('GET', value)
  elseif redis.call('SET', lease, token, 'NX', 'PX', leaseMs) then
    answers[i] = ${acquired.granted}
  else
    local holder = holderOf(lease)
    if not (holder and redis.call('PTTL', lease) >= 0) then
      redis.call('SET', lease, token, 'PX', leaseMs)
      holder = token
    end
    answers[i] = holder == token and ${acquired.granted} or holder == HOLD and ${acquired.settling} or ${acquired.busy}
  end
end
return answers
`);

/**
 * Stores what was loaded under leases, and ends them. For each call:
 *
 * - `KEYS` – value and lease.
 * - `ARGV` – token; envelope; its life in milliseconds, or `''`.
 * - Returns 1 if it was stored: the lease was held and no newer version is there.
 */
export const fill: Script = new Script(`${envelopes}
local answers = {}
for i = 1, #KEYS / 2 do
  local value, lease = KEYS[2 * i - 1], KEYS[2 * i]
  local token, envelope, ttlMs = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  answers[i] = 0
  if holderOf(lease) == token then
    if not isNewer(headerOf(value), envelope) then
      keep(value, envelope, ttlMs)
      answers[i] = 1
    end
    redis.call('UNLINK', lease)
  end
end
return answers
`);

/** `KEYS` – lease. `ARGV` – token; life in milliseconds. Returns 1 if it is still held, and for so long again. */
export const renew: Script = new Script(`${envelopes}
if holderOf(KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);

/** `KEYS` – lease. `ARGV` – token. Ends the lease if it is held by that token. */
export const release: Script = new Script(`${envelopes}
if holderOf(KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])
`);
