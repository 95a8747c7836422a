import type { RuleGroup } from '../store.ts';
import type { PlanScripts } from './plan-scripts.ts';
import { SubjectKeys } from './subject-keys.ts';

/** What there is to know about groups that are asked about together. */
export interface Question {
  /** As the script takes the groups. */
  readonly codes: string;
  readonly keys: readonly SubjectKeys[];
  /** Each group by itself. */
  readonly apart: readonly (readonly RuleGroup[])[];
}

/** The questions of one limiter, each put together once, and the keys of its scopes. */
export class Questions {
  readonly #prefix: string;
  readonly #limiter: string;
  readonly #scripts: PlanScripts;
  readonly #questions = new WeakMap<readonly RuleGroup[], Question>();
  readonly #keys = new Map<string, SubjectKeys>();

  constructor(prefix: string, limiter: string, scripts: PlanScripts) {
    this.#prefix = prefix;
    this.#limiter = limiter;
    this.#scripts = scripts;
  }

  about(groups: readonly RuleGroup[]): Question {
    let question = this.#questions.get(groups);
    if (question !== undefined) return question;
    question = {
      codes: this.#scripts.codesOf(groups),
      keys: groups.map(({ scope }) => this.keysOf(scope)),
      apart: groups.map((group) => [group]),
    };
    this.#questions.set(groups, question);
    return question;
  }

  keysOf(scope: string): SubjectKeys {
    let keys = this.#keys.get(scope);
    if (keys === undefined)
      this.#keys.set(scope, (keys = new SubjectKeys(this.#prefix, this.#limiter, scope)));
    return keys;
  }
}
