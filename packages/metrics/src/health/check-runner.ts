import { type Cancel, CancellationSource, type Clock } from '@holdfast/core';

import { messageOf } from '../message-of.ts';
import type { CheckResult, HealthStatus } from './check.ts';
import type { ResolvedCheck } from './options.ts';

/** A check as it stands. */
export interface CheckState {
  readonly status: HealthStatus;
  readonly output?: string | undefined;
  readonly observedValue?: CheckResult['observedValue'];
  readonly observedUnit?: string | undefined;
  /** When the last result came, in milliseconds since 1970; `undefined` before the first. */
  readonly checkedAt?: number | undefined;
}

interface RunnerDetails {
  readonly check: ResolvedCheck;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onChange: (from: HealthStatus | undefined, state: CheckState) => void;
}

/**
 * Runs one check over and over, in the background.
 *
 * Invariants:
 * - there is never more than one run at a time: one that hangs is not joined by a second, and its result goes stale;
 * - having passed, it fails only after `failureThreshold` failures in a row, and passes again only after
 *   `successThreshold` successes in a row;
 * - there is a timer only while it is started.
 */
export class CheckRunner {
  readonly check: ResolvedCheck;
  readonly #details: RunnerDetails;
  #state: CheckState | undefined;
  #resultAt: number | undefined;
  #lastSuccessAt: number | undefined;
  #failures = 0;
  #successes = 0;
  /** The run under way, which may long have been given up. */
  #running: CancellationSource | undefined;
  #timer: Cancel | undefined;

  constructor(details: RunnerDetails) {
    this.check = details.check;
    this.#details = details;
  }

  /** When it last succeeded, in milliseconds since 1970. */
  get lastSuccessAt(): number | undefined {
    return this.#lastSuccessAt;
  }

  start(): void {
    const { clock, random } = this.#details;
    const pauseMs = this.check.intervalMs * (0.9 + 0.2 * random());
    this.#timer = clock.schedule(() => this.start(), pauseMs, { background: true });
    if (this.#running === undefined) this.#run();
  }

  stop(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#running?.cancel(new Error(`${this.check.name} is no longer checked`));
  }

  /** What is known now; `undefined` before the first result. */
  read(): CheckState | undefined {
    if (this.#state === undefined || this.#resultAt === undefined) return undefined;
    const ageMs = this.#details.clock.now() - this.#resultAt;
    if (ageMs <= this.check.staleAfterMs) return this.#state;
    const output = `stale: no result for ${Math.round(ageMs / 1_000)} s`;
    return { status: 'fail', output, checkedAt: this.#state.checkedAt };
  }

  #run(): void {
    const { clock } = this.#details;
    const { check, name, timeoutMs } = this.check;
    const running = new CancellationSource();
    this.#running = running;
    const late = new Error(`${name} gave no answer within ${timeoutMs} ms`);
    const cancelTimeout = clock.schedule(() => running.cancel(late), timeoutMs, { background: true });
    // Whichever comes first counts: the answer, or being given up. The other one finds the run settled.
    let settled = false;
    let calledOff = false;
    const settle = (result: CheckResult): void => {
      if (!settled) this.#take(result);
      settled = true;
    };
    running.onCancel((reason) => {
      cancelTimeout();
      if (reason === late) settle({ status: 'fail', output: late.message });
      else calledOff = true;
      settled = true;
    });
    attempt(() => check({ signal: running.signal }))
      .then(
        (found) => settle(resultOf(found)),
        (error: unknown) => settle({ status: 'fail', output: messageOf(error) }),
      )
      .finally(() => {
        cancelTimeout();
        this.#running = undefined;
        // Started anew in the meantime: the run that this one kept from beginning is due.
        if (calledOff && this.#timer !== undefined) this.#run();
      });
  }

  #take(result: CheckResult): void {
    const { clock, onChange } = this.#details;
    const failed = result.status === 'fail';
    this.#failures = failed ? this.#failures + 1 : 0;
    this.#successes = failed ? 0 : this.#successes + 1;
    this.#resultAt = clock.now();
    const checkedAt = clock.epoch();
    if (!failed) this.#lastSuccessAt = checkedAt;
    const from = this.#state?.status;
    const { output, observedValue, observedUnit } = result;
    this.#state = { status: this.#judge(result.status), output, observedValue, observedUnit, checkedAt };
    if (from !== this.#state.status) onChange(from, this.#state);
  }

  #judge(found: HealthStatus): HealthStatus {
    const { failureThreshold, successThreshold } = this.check;
    const before = this.#state?.status;
    if (found === 'fail') {
      const lenient = before !== undefined && before !== 'fail' && this.#failures < failureThreshold;
      return lenient ? 'warn' : 'fail';
    }
    return before === 'fail' && this.#successes < successThreshold ? 'fail' : found;
  }
}

async function attempt<T>(run: () => T | PromiseLike<T>): Promise<T> {
  return run();
}

const statuses: ReadonlySet<unknown> = new Set<HealthStatus>(['pass', 'warn', 'fail']);

/** What a check found, also one written without types: an answer that says nothing about health is a `pass`. */
function resultOf(found: unknown): CheckResult {
  if (typeof found !== 'object' || found === null || !('status' in found)) return { status: 'pass' };
  if (statuses.has(found.status)) return found as CheckResult;
  return { status: 'fail', output: `the check gave the status ${messageOf(found.status)}` };
}
