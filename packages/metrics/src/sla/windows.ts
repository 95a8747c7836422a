import { hours, minutes, seconds } from '@holdfast/core';

/** How far back a question goes. */
export type WindowName = '5m' | '30m' | '1h' | '2h' | '6h' | '1d' | '3d' | '30d';

export interface Window {
  readonly name: WindowName;
  readonly lengthMs: number;
}

/** From the shortest to the longest, over which the budget is reckoned. */
export const windows: readonly Window[] = [
  { name: '5m', lengthMs: minutes(5) },
  { name: '30m', lengthMs: minutes(30) },
  { name: '1h', lengthMs: hours(1) },
  { name: '2h', lengthMs: hours(2) },
  { name: '6h', lengthMs: hours(6) },
  { name: '1d', lengthMs: hours(24) },
  { name: '3d', lengthMs: hours(72) },
  { name: '30d', lengthMs: hours(720) },
];

/** What one ring of slots remembers. */
export interface Resolution {
  readonly slotMs: number;
  readonly slots: number;
}

/**
 * From fine to coarse. Every window has at least 30 slots of the finest ring that reaches back far enough, so the
 * slot that is still filling makes it too short by 1/30 at most.
 */
export const resolutions: readonly Resolution[] = [
  { slotMs: seconds(10), slots: 60 },
  { slotMs: minutes(1), slots: 360 },
  { slotMs: minutes(5), slots: 864 },
  { slotMs: hours(1), slots: 720 },
];
