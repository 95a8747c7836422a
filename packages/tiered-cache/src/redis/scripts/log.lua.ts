import { Script } from '../script.ts';
import { books } from './books.lua.ts';

/** Logs a change that was made. Keys and arguments are those of the books. Returns the id of the entry. */
export const append: Script = new Script(`${books}
return append()
`);

/** Logs that everything is gone. Keys and arguments are those of the books. Returns the id of the entry. */
export const clear: Script = new Script(`${books}
local id = append()
redis.call('HSET', meta, 'cleared', id)
return id
`);

/**
 * Reads the log at one instant.
 *
 * - `KEYS` – those of the books.
 * - `ARGV[1]` – the epoch to begin with if there is none.
 * - `ARGV[2]` – `'end'` for no entry, `'oldest'` for the oldest one, or the id after which to read.
 * - `ARGV[3]` – most entries.
 * - Returns epoch, how many entries were ever logged, id of the last one, id of the last clear, tag floor, which run of
 *   which server this is (`''` for a user without the right to ask), and the entries.
 */
export const page: Script = new Script(`${books}
local state = open()
local entries = {}
if ARGV[2] == 'oldest' then entries = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)
elseif ARGV[2] ~= 'end' then entries = redis.call('XRANGE', log, '(' .. ARGV[2], '+', 'COUNT', ARGV[3]) end
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and info:match('run_id:(%x+)') or ''
return { state.epoch, state.count, state.last, state.cleared, state.floor, run, entries }
`);
