import { CircuitBreaker, type CircuitBreakerOptions, CircuitOpenError } from '@holdfast/circuit-breaker';
import { HoldfastError } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { expect } from 'vitest';

/** What another policy of the family throws, without depending on it. */
export class PolicyError extends HoldfastError {
  override readonly name = 'PolicyError';
  readonly code: `ERR_${string}`;

  constructor(code: `ERR_${string}`) {
    super(`refused with ${code}`);
    this.code = code;
  }
}

const outcomes: Readonly<Record<string, () => unknown>> = {
  S: () => 'value',
  F: () => fail(new Error('down')),
  T: () => fail(new PolicyError('ERR_TIMEOUT')),
  B: () => fail(new PolicyError('ERR_BULKHEAD_FULL')),
  H: () => fail(new PolicyError('ERR_SHED')),
  R: () => fail(new PolicyError('ERR_RATE_LIMITED')),
  D: () => fail(new PolicyError('ERR_DEADLINE_EXCEEDED')),
  C: () => fail(new PolicyError('ERR_CIRCUIT_OPEN')),
};

/** The words that scripts are made of, besides the outcomes. */
const words = /^(?:\+(?<waitMs>\d+)|\[(?<executed>\d+)\]|=(?<state>[a-z-]+))$/u;

/**
 * Drives a breaker without jitter by a script of words: `S` success, `F` failure, `T` timeout, `B` bulkhead full, `H` shed,
 * `R` rate limited, `D` deadline passed, `C` another circuit open; `O` expects a refusal; `+50` lets 50 ms pass; `[4]`
 * expects four calls to have run; `=open` expects a state. Each call but an `O` is expected to run.
 */
export async function play(options: CircuitBreakerOptions, script: string): Promise<CircuitBreaker> {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ clock, jitterRatio: 0, ...options });
  let executed = 0;

  for (const word of script.split(' ')) {
    const { waitMs, executed: count, state } = words.exec(word)?.groups ?? {};
    if (waitMs !== undefined) clock.advanceSync(Number(waitMs));
    else if (count !== undefined) expect(executed, `calls run by ${word}`).toBe(Number(count));
    else if (state !== undefined) expect(breaker.state).toBe(state);
    else if (word === 'O') await expect(breaker.execute(run('S'))).rejects.toThrow(CircuitOpenError);
    else await expectToRun(word);
  }
  expect(clock.pending(), 'timers').toBe(0);
  return breaker;

  function run(word: string): () => unknown {
    return () => {
      executed += 1;
      return outcomes[word]?.();
    };
  }

  async function expectToRun(word: string): Promise<void> {
    const before = executed;
    await breaker.execute(run(word)).catch(() => {});
    expect(executed, `calls run after ${word}`).toBe(before + 1);
  }
}

function fail(error: Error): never {
  throw error;
}
