const landmarkAt = Date.UTC(2026, 0, 1);
const dayMs = 86_400_000;

/** How fast the past fades, in milliseconds until it counts half. */
export const halfLives = {
  popularity: 30 * dayMs,
  frequency: 14 * dayMs,
  transition: 30 * dayMs,
  slot: 30 * dayMs,
} as const;

/**
 * The weight of something that happened at `at`, under forward decay: later counts for more, and earlier is never
 * touched again. Weights of one half-life add up in any order, can be taken back exactly, and sort as the decayed ones
 * would; only their ratios mean anything.
 *
 * Finite for 39 years after the landmark at the shortest half-life used here, 14 days.
 *
 * @see "Forward decay", ICDE 2009
 */
export const weightAt = (at: number, halfLifeMs: number): number => 2 ** ((at - landmarkAt) / halfLifeMs);

/** The part of the week that a moment falls in, from 0 to 15: working day or weekend, times three hours of the day, in UTC. */
export function slotAt(at: number): number {
  const date = new Date(at);
  const weekend = date.getUTCDay() % 6 === 0 ? 8 : 0;
  return weekend + Math.floor(date.getUTCHours() / 3);
}
