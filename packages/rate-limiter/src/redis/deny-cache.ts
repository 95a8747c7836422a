import { limitAt, type LimitRule, readingWidth, type RuleGroup, type Verdict } from '../store.ts';
import { boundOf, refuses, waitMsOf } from './bound.ts';
import { DeniedSubjects, type Denial } from './denied-subjects.ts';
import type { KnownSubject } from './known-subject.ts';

/**
 * Remembers what the store refused for as long as it would certainly refuse it again, so that a subject that keeps on
 * calling costs the store nothing.
 *
 * It holds bounds, never verdicts: that a cost, under a limit, is refused until an instant. What others spend meanwhile can
 * only make the wait longer, and an instant is counted from when the question was sent. So whatever it refuses, the store
 * would refuse too, as long as no other process gives quota back and the store's clock keeps pace.
 *
 * It is silent where a call would have to be charged although it is refused: where a limit counts attempts and has room.
 */
export class DenyCache {
  readonly #maxSubjects: number;
  readonly #scopes = new Map<string, DeniedSubjects>();
  readonly #now: () => number;
  readonly #lastHeard: (scope: string, subject: string) => KnownSubject | undefined;
  /** Of the call that is looked at, by group. */
  readonly #found: (Denial | undefined)[] = [];
  #generation = 0;

  /** @param lastHeard - How limits stand that no refusal told of; they are only told, never refuse. */
  constructor(
    maxSubjects: number,
    now: () => number,
    lastHeard: (scope: string, subject: string) => KnownSubject | undefined,
  ) {
    this.#maxSubjects = maxSubjects;
    this.#now = now;
    this.#lastHeard = lastHeard;
  }

  /** Subjects that are remembered, in all scopes. */
  get size(): number {
    let size = 0;
    for (const denied of this.#scopes.values()) size += denied.size;
    return size;
  }

  /** What is learnt of answers to earlier questions is outdated once the generation has changed. */
  get generation(): number {
    return this.#generation;
  }

  /** The refusal of a call that is certain, or `undefined` if the store has to be asked. */
  verdict(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    factor: number,
  ): Verdict | undefined {
    if (!this.#find(groups, subjects)) return undefined;
    const now = this.#now();
    const readings: number[] = [];
    let refused = false;
    let blockedUntil = now;
    for (let g = 0; g < groups.length; g += 1) {
      const { scope, rules } = groups[g] as RuleGroup;
      const denial = this.#found[g];
      if (denial !== undefined && denial.blockedUntil > blockedUntil) blockedUntil = denial.blockedUntil;
      for (let r = 0; r < rules.length; r += 1) {
        const rule = rules[r] as LimitRule;
        const bound = denial?.bounds[rule.index];
        const limit = limitAt(rule, factor);
        if (bound !== undefined && refuses(bound, cost, limit, now)) {
          if (!rule.shadow) refused = true;
          readings.push(1, bound.remaining, waitMsOf(bound, rule, cost, limit, now), bound.emptyAt - now);
          continue;
        }
        if (rule.countsAttempts) return undefined;
        if (bound !== undefined && bound.emptyAt > now) {
          readings.push(0, bound.remaining, 0, bound.emptyAt - now);
          continue;
        }
        const standing = this.#lastHeard(scope, subjects[g] as string)?.standing(rule, now);
        readings.push(0, standing?.remaining ?? rule.burst, 0, standing?.emptyMs ?? 0);
      }
    }
    if (!refused && blockedUntil === now) return undefined;
    return { source: 'cache', readings, blockedMs: blockedUntil - now, chargedAt: undefined };
  }

  /**
   * Remembers a refusal by the store of what was asked at `sentAt`.
   *
   * @param blockedMs - For how long the subject of each group is blocked.
   */
  learn(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    factor: number,
    { readings }: Verdict,
    blockedMs: readonly number[],
    sentAt: number,
  ): void {
    let at = 0;
    for (const [g, { scope, rules }] of groups.entries()) {
      const own = rules.map((rule, r) =>
        boundOf(rule, cost, factor, readings, at + r * readingWidth, sentAt),
      );
      at += rules.length * readingWidth;
      const blockedUntil = sentAt + (blockedMs[g] as number);
      if (blockedUntil === sentAt && own.every(({ cost: refused }) => refused === Infinity)) continue;
      this.#deniedIn(scope).note(subjects[g] as string, { blockedUntil, bounds: own }, sentAt);
    }
  }

  /** Forgets a subject to which quota was given back. */
  forget(scope: string, subject: string): void {
    this.#generation += 1;
    this.#scopes.get(scope)?.delete(subject);
  }

  /** Whether any of the subjects was refused; notes what is known of each. */
  #find(groups: readonly RuleGroup[], subjects: readonly string[]): boolean {
    let any = false;
    for (let g = 0; g < groups.length; g += 1) {
      const { scope } = groups[g] as RuleGroup;
      const denial = this.#scopes.get(scope)?.find(subjects[g] as string);
      this.#found[g] = denial;
      if (denial !== undefined) any = true;
    }
    return any;
  }

  #deniedIn(scope: string): DeniedSubjects {
    let denied = this.#scopes.get(scope);
    if (denied === undefined) this.#scopes.set(scope, (denied = new DeniedSubjects(this.#maxSubjects)));
    return denied;
  }
}
