import type { Clock } from '@holdfast/core';

/** Whether a tier answers. */
export interface TierHealth {
  readonly status: 'up' | 'down';
  /** How long the answer took, in milliseconds. Absent when there was none. */
  readonly latencyMs?: number;
  /** Why there was none, for people. */
  readonly error?: string;
}

/**
 * Asks one tier whether it answers.
 *
 * Invariants:
 * - a check never rejects, and settles within `timeoutMs`;
 * - there is one question under way at most, however many checks there are and however long a tier hangs.
 */
export class Probe {
  readonly #ask: () => Promise<unknown>;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  #underWay: Promise<TierHealth> | undefined;

  constructor(ask: () => Promise<unknown>, timeoutMs: number, clock: Clock) {
    this.#ask = ask;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  async check(): Promise<TierHealth> {
    const silence = Promise.withResolvers<TierHealth>();
    const error = `did not answer within ${this.#timeoutMs} ms`;
    const cancel = this.#clock.schedule(() => silence.resolve({ status: 'down', error }), this.#timeoutMs);
    const health = await Promise.race([(this.#underWay ??= this.#answer()), silence.promise]);
    cancel();
    return health;
  }

  async #answer(): Promise<TierHealth> {
    const startedAt = this.#clock.now();
    try {
      // Asked within a promise: a question that fails at once would else end before it is noted as under way.
      await Promise.resolve().then(this.#ask);
      return { status: 'up', latencyMs: this.#clock.now() - startedAt };
    } catch (error) {
      return { status: 'down', error: reasonOf(error) };
    } finally {
      this.#underWay = undefined;
    }
  }
}

/**
 * What an error says, and nothing of what it carries: errors of clients carry their commands, and those the password.
 * Some that gather others say nothing but their code.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return textOf(error);
  const { code } = error as { readonly code?: string };
  return error.message === '' ? (code ?? error.name) : error.message;
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'what was thrown has no text';
  }
}
