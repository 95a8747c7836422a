import type { ResolvedJobQueueOptions } from './options.ts';
import type { Statements } from './sqlite-statements.ts';

/** After how many ended jobs the store is pruned: what is over the bounds is at most this much. */
const pruneEvery = 100;

/** Keeps the store within its bounds, a little with every so many jobs that end. */
export class SqliteRetention {
  readonly #statements: Statements;
  readonly #options: ResolvedJobQueueOptions;
  #ended = 0;

  constructor(statements: Statements, options: ResolvedJobQueueOptions) {
    this.#statements = statements;
    this.#options = options;
  }

  /** To be called in the transaction in which a job ends. */
  noteEnded(now: number): void {
    this.#ended += 1;
    if (this.#ended < pruneEvery) return;
    this.#ended = 0;
    const { name: queue, retention } = this.#options;
    const bounds = { completed: retention.finished, cancelled: retention.finished, dead: retention.dead };
    for (const [state, { maxAgeMs, maxCount }] of Object.entries(bounds)) {
      this.#statements.pruneOld.run({ queue, state, before: now - maxAgeMs });
      this.#statements.pruneMany.run({ queue, state, keep: maxCount });
    }
    this.#statements.pruneKeys.run({ now });
  }
}
