import { type Clock, duration, methods, systemClock } from '@holdfast/core';

/** A duration that may be unlimited. */
export function limitMs(option: string, value: number, minMs: number): number {
  return value === Infinity ? Infinity : duration(option, value, minMs);
}

export function clockOf(clock: Clock = systemClock): Clock {
  return methods('clock', clock, 'now', 'epoch', 'schedule');
}
