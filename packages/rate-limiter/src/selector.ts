import { InvalidOptionError } from '@holdfast/core';
import { globalScope, type LimitRule, type RuleGroup } from './store.ts';

/** The limits that apply to calls of one kind. */
export interface Selection {
  readonly groups: readonly RuleGroup[];
  /** The rules of all groups, in order. */
  readonly rules: readonly LimitRule[];
  /** Room for the subjects of the call that is being decided: written for each call, read before the next. */
  readonly subjects: string[];
}

/** Who calls, whatever the limits are. */
export type Subject = string | Readonly<Record<string, string | undefined>>;

/** Scopes and tags together: each has a bit of a 32-bit number. */
const mostMarks = 30;
/** Longer subjects would let whoever chooses them fill the memory. */
const longestSubject = 512;

/**
 * Finds which limits apply to a call. A scope or tag that no limit knows is refused, because a misspelt one would
 * silently switch a limit off. Calls that name the same scopes and tags share one selection, made once.
 */
export class Selector {
  readonly #rules: readonly LimitRule[];
  readonly #scopes = new Map<string, number>();
  readonly #tags = new Map<string, number>();
  /** The mark of the only scope, or 0. */
  readonly #onlyScope: number;
  readonly #selections = new Map<number, Selection>();
  #latest: Selection;
  #latestMarks = 0;

  constructor(rules: readonly LimitRule[]) {
    this.#rules = rules;
    for (const { scope, tag } of rules) {
      if (scope !== globalScope) this.#mark(this.#scopes, scope);
      if (tag !== undefined) this.#mark(this.#tags, tag);
    }
    if (this.#scopes.size + this.#tags.size > mostMarks)
      throw new InvalidOptionError('limits', `of at most ${mostMarks} scopes and tags`, rules.length);
    this.#onlyScope = this.#scopes.size === 1 ? ([...this.#scopes.values()][0] as number) : 0;
    this.#latest = this.#selectionOf(0);
  }

  /** @throws {InvalidOptionError} on a subject or a tag that cannot be right. */
  select(subject: Subject, tags: readonly string[] | undefined): Selection {
    let marks = typeof subject === 'string' ? this.#marksOfText(subject) : this.#marksOfObject(subject);
    if (tags !== undefined)
      for (const tag of tags) marks |= this.#tags.get(tag) ?? refuse('tags', this.#tags, tag);
    return marks === this.#latestMarks ? this.#latest : this.#find(marks);
  }

  /** The limits of the subject's own scopes, whatever their tags; those of all share one count are left out. */
  selectOwn(subject: Subject): Selection {
    const marks = typeof subject === 'string' ? this.#marksOfText(subject) : this.#marksOfObject(subject);
    let all = marks;
    for (const mark of this.#tags.values()) all |= mark;
    const groups = this.#find(all).groups.filter(({ scope }) => scope !== globalScope);
    return { groups, rules: groups.flatMap(({ rules }) => rules), subjects: [] };
  }

  #mark(marks: Map<string, number>, name: string): void {
    if (!marks.has(name)) marks.set(name, 1 << (this.#scopes.size + this.#tags.size));
  }

  #marksOfText(subject: string): number {
    checkSubject('subject', subject);
    if (this.#scopes.size > 1) refuse('subject', this.#scopes, subject);
    return this.#onlyScope;
  }

  #marksOfObject(subject: Readonly<Record<string, string | undefined>>): number {
    if (!isObject(subject)) throw new InvalidOptionError('subject', 'a string or an object', subject);
    let marks = 0;
    for (const scope in subject) {
      const mark = this.#scopes.get(scope) ?? refuse('subject', this.#scopes, scope);
      const value = subject[scope];
      if (value === undefined) continue;
      checkSubject(`subject.${scope}`, value);
      marks |= mark;
    }
    if (marks === 0 && this.#scopes.size > 0) refuse('subject', this.#scopes, subject);
    return marks;
  }

  #find(marks: number): Selection {
    let selection = this.#selections.get(marks);
    if (selection === undefined) this.#selections.set(marks, (selection = this.#selectionOf(marks)));
    this.#latestMarks = marks;
    this.#latest = selection;
    return selection;
  }

  #selectionOf(marks: number): Selection {
    const byScope = new Map<string, LimitRule[]>();
    for (const rule of this.#rules) {
      const needed = (this.#scopes.get(rule.scope) ?? 0) | (this.#tags.get(rule.tag ?? '') ?? 0);
      if ((marks & needed) !== needed) continue;
      const group = byScope.get(rule.scope);
      if (group === undefined) byScope.set(rule.scope, [rule]);
      else group.push(rule);
    }
    const groups = [...byScope].map(([scope, rules]) => ({ scope, rules }));
    return { groups, rules: groups.flatMap(({ rules }) => rules), subjects: groups.map(() => '') };
  }
}

/** Who is charged in each group of the selection; an array of the caller's own. */
export function subjectsOf({ groups }: Selection, subject: Subject): string[] {
  return groups.map(({ scope }) => subjectIn(scope, subject));
}

/** Writes who is charged in each group into the selection's room for it. */
export function placeSubjects({ groups, subjects }: Selection, subject: Subject): readonly string[] {
  for (let g = 0; g < groups.length; g += 1) subjects[g] = subjectIn((groups[g] as RuleGroup).scope, subject);
  return subjects;
}

/** The subject of a scope that the call names. */
export function subjectIn(scope: string, subject: Subject): string {
  if (scope === globalScope) return '';
  return typeof subject === 'string' ? subject : (subject[scope] as string);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function checkSubject(option: string, value: unknown): void {
  if (typeof value === 'string' && value.length > 0 && value.length <= longestSubject) return;
  throw new InvalidOptionError(option, `a string of 1 to ${longestSubject} characters`, value);
}

function refuse(option: string, known: ReadonlyMap<string, number>, value: unknown): never {
  const names = [...known.keys()].map((name) => `'${name}'`).join(', ');
  const rule = option === 'tags' ? `among ${names || 'none'}` : `an object that names ${names || 'no scope'}`;
  throw new InvalidOptionError(option, rule, value);
}
