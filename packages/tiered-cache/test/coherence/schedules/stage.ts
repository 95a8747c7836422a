import { settle } from '@holdfast/core/testing';

import type { Step, Touch } from './explorer.ts';

/** Whether a step may be taken. One that makes no difference when it is taken is taken at once. */
export type Turn = 'later' | 'possible' | 'at once';

interface Gate {
  readonly step: Step;
  readonly turn: () => Turn;
  readonly open: () => void;
}

/** Where every process waits before each of its steps, until a schedule says that it is its turn. */
export class Stage {
  readonly #gates: Gate[] = [];
  readonly #titles = new Map<string, number>();

  /** Tells apart what has the same `title`, in the order of the calls. */
  named(title: string): string {
    const count = (this.#titles.get(title) ?? 0) + 1;
    this.#titles.set(title, count);
    return count === 1 ? title : `${title} ${count}`;
  }

  /** Waits for the turn of the step called `name`. */
  turn(name: string, touches: readonly Touch[], turn: () => Turn = () => 'possible'): Promise<void> {
    const step = { name, touches };
    return new Promise((open) => this.#gates.push({ step, turn, open }));
  }

  steps(): readonly Step[] {
    return this.#gates.filter(({ turn }) => turn() === 'possible').map(({ step }) => step);
  }

  async take({ name }: Step): Promise<void> {
    const gate = this.#remove(({ step }) => step.name === name);
    if (gate === undefined)
      throw new Error(`'${name}' was possible once and is not now: the run is not repeatable`);
    await pass(gate);
    for (let next = this.#atOnce(); next !== undefined; next = this.#atOnce()) await pass(next);
  }

  /** Takes whatever step there is until there is none. */
  async drain(): Promise<void> {
    await settle();
    for (let [step] = this.steps(); step !== undefined; [step] = this.steps()) await this.take(step);
  }

  #atOnce(): Gate | undefined {
    return this.#remove(({ turn }) => turn() === 'at once');
  }

  #remove(isMeant: (gate: Gate) => boolean): Gate | undefined {
    const index = this.#gates.findIndex(isMeant);
    return index < 0 ? undefined : this.#gates.splice(index, 1)[0];
  }
}

async function pass(gate: Gate): Promise<void> {
  gate.open();
  await settle();
}

/** What a step does to the server's `things`. */
export function reads(...things: readonly string[]): readonly Touch[] {
  return things.map((what) => ({ what, changes: false }));
}

export function changes(...things: readonly string[]): readonly Touch[] {
  return things.map((what) => ({ what, changes: true }));
}
