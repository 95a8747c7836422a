import type { Entry } from '../entry/entry.ts';

/** When a fresh entry is refreshed in the background: at a share of its life, or by chance, the later and the costlier the likelier. */
export type RefreshRule = { readonly atRatio: number } | { readonly beta: number } | undefined;

/**
 * How far before its expiry a draw can plausibly choose an entry, in units of its cost times beta: e^-20 of all draws would
 * choose earlier, and they are not made.
 */
const longestDraw = 20;

/**
 * Refreshes entries before they expire, so that nobody waits for a load of something that is read often.
 *
 * By chance it is XFetch: a read at `now` refreshes if `now + cost * beta * -ln(u) >= expiry` for a random u. Reads in
 * ever more places agree on one refresh about `cost` before the expiry without talking to each other.
 *
 * @see "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015
 */
export class EarlyRefresh {
  readonly #rule: RefreshRule;
  readonly #random: () => number;

  constructor(rule: RefreshRule, random: () => number) {
    this.#rule = rule;
    this.#random = random;
  }

  /** From then on each read has to ask {@link isDue}; `Infinity` for never. */
  windowStart(entry: Entry): number {
    if (this.#rule === undefined) return Infinity;
    // One that slides is lengthened while it is in use: what comes to an end under its readers is the longest life.
    const { storedAt, lastsUntil } = entry;
    if (lastsUntil === Infinity) return Infinity;
    if ('atRatio' in this.#rule) return storedAt + this.#rule.atRatio * (lastsUntil - storedAt);
    return lastsUntil - longestDraw * this.#rule.beta * entry.origin.loadMs;
  }

  /** Whether this read is the one that refreshes. */
  isDue(entry: Entry, now: number): boolean {
    if (this.#rule === undefined || now < this.windowStart(entry)) return false;
    if ('atRatio' in this.#rule) return true;
    // 1 - random() is never 0, so the logarithm is finite.
    const drawn = entry.origin.loadMs * this.#rule.beta * -Math.log(1 - this.#random());
    return now + drawn >= entry.lastsUntil;
  }
}
