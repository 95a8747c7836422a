/** One call, or `callsPerRun` of them. What it returns, or resolves to, is compared with the question's answer. */
export type Run = () => unknown;

export interface Case {
  readonly kind: 'baseline' | 'reference' | 'ours' | 'peer';
  /** What is called, without the package's version. */
  readonly label: string;
  /** The npm package of a peer. */
  readonly package?: string | undefined;
  readonly run: Run;
  /** The highest ratio to the baseline that we allow ourselves. */
  readonly target?: number | undefined;
}

export interface Question {
  /** `cpu` charges a case for the process's CPU time; `wall` for the time that passes, where a server answers. */
  readonly clock?: 'cpu' | 'wall' | undefined;
  /** What every run gives. A case that gives something else does other work than the rest and is refused. */
  readonly answer: unknown;
  /** How many calls one run makes. Defaults to 1. */
  readonly callsPerRun?: number | undefined;
  /** How many times as long as others it is measured: where so much code runs that it varies much. Defaults to 1. */
  readonly patience?: number | undefined;
  /** The cases, the baseline first. `scope` undoes what was set up for them. */
  readonly cases: (scope: Scope) => readonly Case[] | Promise<readonly Case[]>;
}

/** Lines of a table, as they travel from the process that measured. A line has a text for each of the columns. */
export interface Lines {
  readonly columns: readonly { readonly title: string; readonly align: 'left' | 'right' }[];
  readonly lines: readonly (readonly string[])[];
}

/** A question that rounds of equal calls cannot answer: it measures in its own way and has columns of its own. */
export interface Study {
  /** `smoke` proves that it runs, in a moment. */
  readonly study: (effort: 'thorough' | 'smoke') => Lines | Promise<Lines>;
}

/** What lives as long as a question is measured. */
export class Scope {
  readonly #deferred: (() => unknown)[] = [];

  /** Runs `undo` when the question is done; the last one first. */
  defer(undo: () => unknown): void {
    this.#deferred.push(undo);
  }

  /** Starts to use something that can be disposed. */
  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    this.defer(() => resource[Symbol.asyncDispose]());
    return resource;
  }

  async close(): Promise<void> {
    for (const undo of this.#deferred.toReversed()) await undo();
  }
}

/** The first line of the file is the question's text. */
export function question(definition: Question): Question {
  return definition;
}

/** The first line of the file is the question's text. */
export function study(run: Study['study']): Study {
  return { study: run };
}

/** What everything else is measured against: the same work without a library. */
export function baseline(label: string, run: Run): Case {
  return { kind: 'baseline', label, run };
}

/** What a library cannot avoid, or what a user would write by hand. */
export function reference(label: string, run: Run): Case {
  return { kind: 'reference', label, run };
}

export function ours(label: string, run: Run, { atMost }: { readonly atMost?: number } = {}): Case {
  return { kind: 'ours', label, run, target: atMost };
}

export function peer(packageName: string, detail: string, run: Run): Case {
  return { kind: 'peer', label: detail, package: packageName, run };
}
