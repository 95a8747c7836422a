import type { Cancel, Clock } from '@holdfast/core';

import { type Answer, headerOf, namesIn } from './answer.ts';
import { HandlerSilentError } from './errors.ts';
import type { Incoming } from './incoming.ts';
import type { HandlerRun } from './turn.ts';

/** An answer, and what the request said that it was made for. */
export interface SharedAnswer {
  readonly answer: Answer;
  readonly selectedBy: ReadonlyMap<string, string | undefined>;
}

export interface SharedRunOptions {
  readonly incoming: Incoming<unknown>;
  readonly maxBodyBytes: number;
  readonly handoverMs: number;
  readonly clock: Clock;
}

/** The run of a handler for a safe request, for whose answer identical requests wait. */
export class SharedRun implements HandlerRun {
  readonly kind = 'run';
  readonly takesStreams = false;
  readonly #options: SharedRunOptions;
  readonly #outcome = Promise.withResolvers<SharedAnswer | undefined>();
  #cancelHandover: Cancel | undefined;

  constructor(options: SharedRunOptions) {
    this.#options = options;
  }

  get maxBodyBytes(): number {
    return this.#options.maxBodyBytes;
  }

  /** `undefined`: there is nothing that others may have. Rejects with a `HandlerSilentError`. */
  get outcome(): Promise<SharedAnswer | undefined> {
    return this.#outcome.promise;
  }

  settle(answer: Answer | undefined): void {
    this.#cancelHandover?.();
    this.#outcome.resolve(answer && sharedAnswer(answer, this.#options.incoming));
  }

  leave(): void {
    const { clock, handoverMs } = this.#options;
    const giveUp = (): void => this.#outcome.reject(new HandlerSilentError());
    this.#cancelHandover = clock.schedule(giveUp, handoverMs, { background: true });
  }
}

/** Whether an answer suits a request by the headers that it says it was selected by. */
export function suits({ selectedBy }: SharedAnswer, incoming: Incoming<unknown>): boolean {
  return [...selectedBy].every(([name, value]) => incoming.header(name) === value);
}

/** A cookie is set for one client. What is private to a client without credentials is not known to be another one's. */
function sharedAnswer(answer: Answer, incoming: Incoming<unknown>): SharedAnswer | undefined {
  const selectors = namesIn(headerOf(answer, 'vary'));
  if (headerOf(answer, 'set-cookie') !== undefined || selectors.includes('*')) return undefined;
  const showsCredentials = [incoming.header('authorization'), incoming.header('cookie')].some(Boolean);
  const control = namesIn(headerOf(answer, 'cache-control'));
  const isPrivate = control.some((directive) => /^(?:private|no-store)\b/.test(directive));
  if (isPrivate && !showsCredentials) return undefined;
  return { answer, selectedBy: new Map(selectors.map((name) => [name, incoming.header(name)])) };
}
