import { type LimitRule, readingWidth, type RuleGroup } from '../store.ts';

/** What is left of a limit, and milliseconds until nothing of it counts. */
export interface Standing {
  readonly remaining: number;
  readonly emptyMs: number;
}

/** A subject that was asked about of late: its key, and what the store said last. */
export class KnownSubject {
  readonly key: string;
  #group: RuleGroup | undefined = undefined;
  #readings: ArrayLike<number> = [];
  #first = 0;
  #askedAt = 0;
  #outage = 0;

  constructor(key: string) {
    this.key = key;
  }

  /** Keeps the store's answer about a group, whose readings begin at `first`, to a question of `askedAt`. */
  heard(group: RuleGroup, readings: ArrayLike<number>, first: number, askedAt: number): void {
    this.#group = group;
    this.#readings = readings;
    this.#first = first;
    this.#askedAt = askedAt;
  }

  /** What was heard does not hold any more. */
  forget(): void {
    this.#group = undefined;
  }

  /** How a rule stood when the store was asked last, as far as it still counts; all of it is left if that is unknown. */
  standing(rule: LimitRule, now: number): Standing {
    const place = this.#group?.rules.indexOf(rule) ?? -1;
    const at = this.#first + place * readingWidth;
    const emptyMs = place === -1 ? 0 : this.#askedAt + (this.#readings[at + 3] as number) - now;
    if (emptyMs <= 0) return { remaining: rule.burst, emptyMs: 0 };
    return { remaining: this.#readings[at + 1] as number, emptyMs };
  }

  /** The group that the store was asked about, once per outage: then it has to be told to whoever stands in. */
  untoldIn(outage: number): RuleGroup | undefined {
    if (this.#outage === outage) return undefined;
    this.#outage = outage;
    return this.#group;
  }
}
