/** Whose clock counts: the server's, or that of the caller, who sends the instant as the last argument. */
export type Timekeeper = 'server' | 'client';

/** Sets `now` to an instant in whole microseconds since 1970. */
export function clock(time: Timekeeper): string {
  if (time === 'client') return 'local now = tonumber(ARGV[#ARGV])\n';
  return `local now = redis.call('TIME')\nnow = now[1] * 1000000 + now[2]\n`;
}
