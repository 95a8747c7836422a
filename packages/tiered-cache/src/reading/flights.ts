import { cancellationOf, type Clock, type ExecuteOptions, type OperationContext } from '@holdfast/core';
import { Dedupe } from '@holdfast/dedupe';

import { TransientMap } from '../transient-map.ts';

/** Whether a flight may still store what it brings. */
export type IsCurrent = () => boolean;

/**
 * Work of which one piece runs per key, shared by everybody who asks meanwhile. An invalidated flight still answers
 * those who asked before; it is no longer joined and must not store anything.
 */
export class Flights {
  readonly #dedupe: Dedupe;
  readonly #tagChanges: () => number;
  readonly #current = new TransientMap<{ readonly tagChanges: number }>();

  /** @param tagChanges - Counts invalidations by tag: which of them concern a flight is not known before it lands. */
  constructor(name: string, clock: Clock, tagChanges: () => number) {
    this.#dedupe = new Dedupe({ name, clock });
    this.#tagChanges = tagChanges;
  }

  /** Whether a flight of `key` could be joined. */
  has(key: string): boolean {
    const flight = this.#current.get(key);
    if (flight === undefined || flight.tagChanges === this.#tagChanges()) return flight !== undefined;
    this.forget(key);
    return false;
  }

  run<T>(
    key: string,
    work: (context: OperationContext, isCurrent: IsCurrent) => Promise<T>,
    options: ExecuteOptions | undefined,
  ): Promise<T> {
    this.has(key);
    return this.#dedupe.run(key, (context) => this.#fly(key, context, work), options);
  }

  forget(key: string): void {
    this.#current.delete(key);
    this.#dedupe.forget(key);
  }

  forgetAll(): void {
    for (const key of this.#current.keys()) this.forget(key);
  }

  async #fly<T>(
    key: string,
    context: OperationContext,
    work: (context: OperationContext, isCurrent: IsCurrent) => Promise<T>,
  ): Promise<T> {
    const flight = { tagChanges: this.#tagChanges() };
    const isCurrent = (): boolean => this.#current.get(key) === flight;
    const leave = (): void => {
      if (isCurrent()) this.#current.delete(key);
    };
    this.#current.set(key, flight);
    // Nobody waits for it any longer, and it may never end.
    const stopListening = cancellationOf(context)?.onCancel(leave);
    try {
      return await work(context, isCurrent);
    } finally {
      stopListening?.();
      leave();
    }
  }
}
