import { type Clock, duration, InvalidOptionError, methods, systemClock } from '@holdfast/core';

/** Options that consist of others. Those from a file may be `null`, or `false` where somebody meant "none". */
export function fields<Options extends object>(option: string, given: Options): Options {
  if (typeof given === 'object' && (given as unknown) !== null) return given;
  throw new InvalidOptionError(option, 'an object', given);
}

/** A duration that may be unlimited. */
export function limitMs(option: string, value: number, minMs: number): number {
  return value === Infinity ? Infinity : duration(option, value, minMs);
}

export function clockOf(clock: Clock = systemClock): Clock {
  return methods('clock', clock, 'now', 'epoch', 'schedule');
}
