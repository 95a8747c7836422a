import type { Bulkhead } from '@holdfast/bulkhead';
import type { CircuitBreaker } from '@holdfast/circuit-breaker';
import { isHoldfastError, type OperationContext } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { pipeline, type PipelineSlots, type Retry, type Timeout } from '@holdfast/resilience';

/** What can be seen of a pipeline after some calls. Policies that it has not are left out. */
export interface Facts {
  /** How the calls ended, in the order in which they did: a value, the message of an error, or the code of one of ours. */
  readonly ended: string;
  /** How often the operation was started. */
  readonly executions: number;
  readonly calls: { success: number; failure: number; fallback: number; cancelled: number };
  readonly retry: Omit<ReturnType<Retry['statistics']>, 'component'> | undefined;
  readonly timeout: ReturnType<Timeout['statistics']>['calls'] | undefined;
  readonly circuit: Pick<ReturnType<CircuitBreaker['statistics']>, 'state' | 'calls'> | undefined;
  readonly bulkhead: Pick<ReturnType<Bulkhead['statistics']>, 'running' | 'queued' | 'calls'> | undefined;
}

/**
 * Makes calls and lets time pass, as a script says: `c` makes a call; `.` waits 10 s, long enough for whatever the slots do;
 * `+` waits 1 ms.
 *
 * @param executions - How each execution of the operation ends: `s` with a value, `f` with an error, `b` with a mistake in the
 *   program, `t` after 200 ms with a value, `h` never.
 */
export async function play(
  slots: PipelineSlots<unknown>,
  script: string,
  executions: string,
): Promise<Facts> {
  const clock = new ManualClock();
  const service = pipeline('service', { ...slots, clock, random: () => 0.5 });
  const ended: string[] = [];
  let started = 0;
  const operation = (context: OperationContext): unknown => {
    const ending = executions[started];
    started += 1;
    if (ending === 's') return 'value';
    if (ending === 'f') throw new Error('down');
    if (ending === 'b') throw new ReferenceError('mistake');
    return new Promise((resolve) => {
      context.signal.addEventListener('abort', () => undefined);
      if (ending === 't') clock.schedule(() => resolve('value'), 200);
    });
  };
  for (const step of script) {
    const note = (outcome: unknown): void => void ended.push(nameOf(outcome));
    if (step === 'c') service.execute(operation).then(note, note);
    else await clock.advance(step === '.' ? 10_000 : 1);
  }
  const { retry, timeout, breaker, bulkhead } = service.parts;
  return {
    ended: ended.join(' '),
    executions: started,
    calls: service.statistics().calls,
    retry: (retry as Retry | undefined)?.statistics(),
    timeout: (timeout as Timeout | undefined)?.statistics().calls,
    circuit: (breaker as CircuitBreaker | undefined)?.statistics(),
    bulkhead: (bulkhead as Bulkhead | undefined)?.statistics(),
  };
}

function nameOf(outcome: unknown): string {
  if (isHoldfastError(outcome)) return outcome.code.replace(/^ERR_/, '').toLowerCase();
  return outcome instanceof Error ? outcome.message : String(outcome);
}
