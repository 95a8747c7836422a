import type { Clock, ExecuteOptions, OperationContext } from '@holdfast/core';
import { Dedupe } from '@holdfast/dedupe';

/** Whether a flight may still store what it brings. */
export type IsCurrent = () => boolean;

/**
 * Work of which one piece runs per key, shared by everybody who asks meanwhile. An invalidated flight still answers
 * those who asked before; it is no longer joined and must not store anything.
 */
export class Flights {
  readonly #dedupe: Dedupe;
  readonly #current = new Map<string, object>();

  constructor(name: string, clock: Clock) {
    this.#dedupe = new Dedupe({ name, clock });
  }

  /** Whether a flight of `key` could be joined. */
  has(key: string): boolean {
    return this.#current.has(key);
  }

  run<T>(
    key: string,
    work: (context: OperationContext, isCurrent: IsCurrent) => Promise<T>,
    options: ExecuteOptions | undefined,
  ): Promise<T> {
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
    const flight = {};
    const isCurrent = (): boolean => this.#current.get(key) === flight;
    this.#current.set(key, flight);
    try {
      return await work(context, isCurrent);
    } finally {
      if (isCurrent()) this.#current.delete(key);
    }
  }
}
