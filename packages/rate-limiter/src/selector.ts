import { InvalidOptionError } from '@holdfast/core';
import { globalScope, type LimitRule, type RuleGroup } from './store.ts';

/** The limits that apply to calls of one kind. */
export interface Selection {
  readonly groups: readonly RuleGroup[];
  /** The rules of all groups, in order. */
  readonly rules: readonly LimitRule[];
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
  readonly #selections = new Map<number, Selection>();

  constructor(rules: readonly LimitRule[]) {
    this.#rules = rules;
    for (const { scope, tag } of rules) {
      if (scope !== globalScope) this.#mark(this.#scopes, scope);
      if (tag !== undefined) this.#mark(this.#tags, tag);
    }
    if (this.#scopes.size + this.#tags.size > mostMarks)
      throw new InvalidOptionError('limits', `of at most ${mostMarks} scopes and tags`, rules.length);
  }

  /** @throws {InvalidOptionError} on a subject or a tag that cannot be right. */
  select(subject: Subject, tags: readonly string[] | undefined): Selection {
    let marks = typeof subject === 'string' ? this.#marksOfText(subject) : this.#marksOfObject(subject);
    if (tags !== undefined)
      for (const tag of tags) marks |= this.#tags.get(tag) ?? refuse('tags', this.#tags, tag);
    let selection = this.#selections.get(marks);
    if (selection === undefined) this.#selections.set(marks, (selection = this.#selectionOf(marks)));
    return selection;
  }

  /** Who is charged in each group of the selection. */
  static subjects({ groups }: Selection, subject: Subject): string[] {
    return groups.map(({ scope }) => {
      if (scope === globalScope) return '';
      return typeof subject === 'string' ? subject : (subject[scope] as string);
    });
  }

  #mark(marks: Map<string, number>, name: string): void {
    if (!marks.has(name)) marks.set(name, 1 << (this.#scopes.size + this.#tags.size));
  }

  #marksOfText(subject: string): number {
    checkSubject('subject', subject);
    if (this.#scopes.size > 1) refuse('subject', this.#scopes, subject);
    const [only = 0] = this.#scopes.values();
    return only;
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
    return { groups, rules: groups.flatMap(({ rules }) => rules) };
  }
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
