// The tests are in the tables; here is what their words expect.
/* oxlint-disable vitest/no-standalone-expect, vitest/valid-expect */
import {
  CircuitBreaker,
  type CircuitBreakerEvent,
  type CircuitBreakerMode,
  type CircuitBreakerOptions,
  CircuitOpenError,
  type Permit,
} from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import { expect } from 'vitest';

import { PolicyError } from './policy-error.ts';

/** A row of a specification table: its id, what it says, the options that it needs, and its script. */
export type Row = readonly [id: string, what: string, options: CircuitBreakerOptions, script: string];

const outcomes: Readonly<Record<string, () => unknown>> = {
  S: () => 'value',
  F: () => fail(new Error('down')),
  N: () => fail(new PolicyError('ERR_BULKHEAD_FULL')),
  T: () => fail(new PolicyError('ERR_TIMEOUT')),
  H: () => fail(new PolicyError('ERR_SHED')),
  R: () => fail(new PolicyError('ERR_RATE_LIMITED')),
  D: () => fail(new PolicyError('ERR_DEADLINE_EXCEEDED')),
  C: () => fail(new PolicyError('ERR_CIRCUIT_OPEN')),
};

/**
 * Drives a breaker without jitter by a script of words:
 *
 * - `S` `F` `N` a call that succeeds, fails, is ignored; `T` timeout, `H` shed, `R` rate limited, `D` deadline passed,
 *   `C` another circuit open: all of them are expected to run; `O` a call that is expected to be refused;
 * - `a(` a call that begins and is expected to be let through, `a)S` its end, `-(` one that is expected not to be;
 * - `+50` lets 50 ms pass, `wall-50` sets the wall clock back;
 * - `isolate:x`, `release:x`, `reset`, `suspect`, `mode:shadow`, `restart` for a snapshot through JSON into a new breaker;
 * - `[4]` expects four calls to have run, `=open` a state, `retry:60` a time to ask again, `stale:1` results that were
 *   dropped, `opened:1` that many openings, `last:opened/failure-ratio` a last event.
 *
 * In no moment may there be a timer.
 */
export async function play(options: CircuitBreakerOptions, script: string): Promise<void> {
  const player = new Player(options);
  for (const word of script.split(' ')) {
    await player.play(word);
    expect(player.clock.pending(), `timers after ${word}`).toBe(0);
  }
}

class Player {
  readonly clock: ManualClock = new ManualClock();
  readonly #options: CircuitBreakerOptions;
  readonly #calls = new Map<string, Permit>();
  readonly #isolations = new Map<string, Disposable>();
  #breaker: CircuitBreaker;
  #last = 'none';
  #executed = 0;

  constructor(options: CircuitBreakerOptions) {
    this.#options = { clock: this.clock, jitterRatio: 0, ...options };
    this.#breaker = this.#newBreaker();
  }

  async play(word: string): Promise<void> {
    const [, head = '', tail = ''] = /^([^:()]+)[:()]?(.*)$/u.exec(word) ?? [];
    const amount = Number(word.replaceAll(/[^0-9.]/gu, ''));
    if (word === 'O') await this.#expectRefusal();
    else if (word in outcomes) await this.#expectToRun(word);
    else if (word.startsWith('+')) this.clock.advanceSync(amount);
    else if (word.startsWith('wall-')) this.clock.shiftEpoch(-amount);
    else if (word.startsWith('[')) expect(this.#executed, `calls run by ${word}`).toBe(amount);
    else if (word.startsWith('=')) expect(this.#breaker.state, word).toBe(word.slice(1));
    else if (word.endsWith('(')) this.#begin(head);
    else if (word.includes(')')) this.#end(head, tail);
    else this.#command(head, tail);
  }

  #command(head: string, tail: string): void {
    const { transitions, calls } = this.#breaker.statistics();
    if (head === 'retry') expect(String(this.#breaker.retryAfterMs), 'time to ask again').toBe(tail);
    else if (head === 'stale') expect(calls.stale, 'dropped results').toBe(Number(tail));
    else if (head === 'opened') expect(transitions.opened, 'openings').toBe(Number(tail));
    else if (head === 'last') expect(this.#last, 'last event').toBe(tail);
    else if (head === 'isolate') this.#isolations.set(tail, this.#breaker.isolate());
    else if (head === 'release') this.#isolations.get(tail)?.[Symbol.dispose]();
    else if (head === 'mode') this.#breaker.update({ mode: tail as CircuitBreakerMode });
    else if (head === 'reset' || head === 'suspect') this.#breaker[head]();
    else if (head === 'restart') this.#restart();
    else throw new Error(`no such word: ${head}`);
  }

  #begin(name: string): void {
    const permit = this.#breaker.tryAcquire();
    if (name === '-') expect(permit, 'a permit').toBeUndefined();
    else expect(permit, `a permit for ${name}`).toBeDefined();
    if (permit !== undefined) this.#calls.set(name, permit);
  }

  #end(name: string, outcome: string): void {
    const permit = this.#calls.get(name);
    if (outcome === 'S') permit?.success();
    else if (outcome === 'F') permit?.failure(new Error('down'));
    else permit?.ignore();
  }

  #restart(): void {
    const snapshot: unknown = JSON.parse(JSON.stringify(this.#breaker.snapshot()));
    this.#breaker = this.#newBreaker();
    this.#breaker.restore(snapshot as ReturnType<CircuitBreaker['snapshot']>);
  }

  #newBreaker(): CircuitBreaker {
    const breaker = new CircuitBreaker(this.#options);
    breaker.events.subscribe((event) => (this.#last = briefly(event)));
    return breaker;
  }

  async #expectRefusal(): Promise<void> {
    const before = this.#executed;
    await expect(this.#breaker.execute(() => (this.#executed += 1))).rejects.toThrow(CircuitOpenError);
    expect(this.#executed).toBe(before);
  }

  async #expectToRun(word: string): Promise<void> {
    const before = this.#executed;
    const operation = (): unknown => {
      this.#executed += 1;
      return outcomes[word]?.();
    };
    await this.#breaker.execute(operation).catch(() => {});
    expect(this.#executed, `calls run after ${word}`).toBe(before + 1);
  }
}

function briefly(event: CircuitBreakerEvent): string {
  const what = 'reason' in event ? `${event.type}/${event.reason}` : event.type;
  return event.shadow === true ? `${what}/shadow` : what;
}

function fail(error: Error): never {
  throw error;
}
