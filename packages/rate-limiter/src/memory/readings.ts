import { readingWidth } from '../store.ts';

/** While a decision is under way, a reading holds whether the rule has no room and what else was found of it. */
export const foundSpent = 1;
export const foundUnit = 2;
export const foundCapacity = 3;

/** By the number of rules. */
const blanks: (readonly number[])[] = [];

/**
 * The readings of so many rules, to be written over. An array that has its size from the start is cheaper than one that
 * grows.
 */
export function blankReadings(rules: number): number[] {
  // No whole numbers: the engine keeps an array of those in another form, and makes it anew for the first fraction.
  if (rules === 1) return [0.5, 0.5, 0.5, 0.5];
  const blank = (blanks[rules] ??= Array.from({ length: rules * readingWidth }, () => 0.5));
  return blank.slice();
}
