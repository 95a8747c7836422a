import { getEventListeners } from 'node:events';
import type { Bulkhead } from '@holdfast/bulkhead';
import type { ExecuteOptions, OperationContext } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { type Hedge, pipeline, type PipelineSlots, type PipelineStatistics } from '@holdfast/resilience';

/** What a call asks for, what its executions do, and when. */
export interface PlannedCall {
  /** Time that passes before it, and microtasks that run after it. */
  readonly gapMs: number;
  readonly ticks: number;
  /** How long an execution takes and how it ends; `'bad'` is a value that is judged as bad as an error. */
  readonly takesMs: number;
  readonly ending: 'value' | 'bad' | 'error' | 'throw';
  /** Whether executions heed their signal. */
  readonly heeds: boolean;
  /** When the caller leaves; `Infinity` if it waits. */
  readonly abortAfterMs: number;
  readonly deadlineMs: number | undefined;
  readonly key: string | undefined;
}

/** Who throws whenever it is called, besides what the slots throw. */
export interface Throwers {
  readonly listeners: boolean;
  readonly disposals: boolean;
}

/** What an execution returns. */
export class Result {
  readonly bad: boolean;
  readonly shared: boolean;
  disposals = 0;
  deliveries = 0;
  readonly #dispose: () => void;

  constructor(bad: boolean, shared: boolean, dispose: () => void) {
    this.bad = bad;
    this.shared = shared;
    this.#dispose = dispose;
  }

  [Symbol.dispose](): void {
    this.disposals += 1;
    this.#dispose();
  }
}

/** What is left when all is over, and what happened on the way. */
export interface History {
  /** Each event, start and end, in its order and with its time. */
  readonly log: readonly string[];
  readonly results: readonly Result[];
  readonly settlements: readonly number[];
  readonly calls: PipelineStatistics['calls'];
  readonly running: number;
  readonly mostRunning: number;
  readonly bulkhead: Bulkhead | undefined;
  readonly hedge: Hedge | undefined;
  readonly timers: number;
  readonly listeners: number;
  /** Executions that started when their caller had left or its deadline had passed. */
  readonly lateStarts: number;
  /** How often a listener and a disposal threw. */
  readonly thrown: Readonly<Record<keyof Throwers, number>>;
}

/** Plays the calls against a pipeline with these slots. Between them only some microtasks run, so that things meet. */
export async function simulate(
  slots: PipelineSlots<unknown>,
  planned: readonly PlannedCall[],
  random: () => number,
  throwers: Throwers,
): Promise<History> {
  const clock = new ManualClock();
  const service = pipeline('service', { ...slots, clock, random });
  const log: string[] = [];
  const note = (what: string): void => void log.push(`${clock.now()} ${what}`);
  const thrown = { listeners: 0, disposals: 0 };
  const maybeThrow = (who: keyof Throwers): void => {
    if (!throwers[who]) return;
    thrown[who] += 1;
    throw new Error(who);
  };
  service.events.subscribe(() => maybeThrow('listeners'));
  service.events.subscribe(({ slot, event }) => note(`${slot} ${event.type}`));
  const results: Result[] = [];
  const settlements = planned.map(() => 0);
  const signals: AbortSignal[] = [];
  let running = 0;
  let mostRunning = 0;
  let lateStarts = 0;
  for (const [number, call] of planned.entries()) {
    clock.advanceSync(call.gapMs);
    const caller = new AbortController();
    const { signal } = caller;
    signals.push(signal);
    if (call.abortAfterMs !== Infinity) clock.schedule(() => caller.abort('gone'), call.abortAfterMs);
    const isShared = slots.dedupe !== undefined && call.key !== undefined;
    const operation = (context: OperationContext): Promise<Result> => {
      note(`start ${number}`);
      if (!isShared && (signal.aborted || context.remainingMs() === 0)) lateStarts += 1;
      running += 1;
      mostRunning = Math.max(mostRunning, running);
      return execution(call, context, isShared);
    };
    const options: ExecuteOptions = { signal, deadlineMs: call.deadlineMs, key: call.key };
    const ended = (outcome: unknown): void => {
      settlements[number] = (settlements[number] ?? 0) + 1;
      if (outcome instanceof Result) outcome.deliveries += 1;
      note(`end ${number} ${outcome instanceof Error ? outcome.message : typeof outcome}`);
    };
    service.execute(operation, options).then(ended, ended);
    for (let tick = 0; tick < call.ticks; tick += 1) await Promise.resolve();
  }
  await clock.advance(100_000);
  return {
    log,
    results,
    settlements,
    calls: service.statistics().calls,
    running,
    mostRunning,
    bulkhead: service.parts.bulkhead as Bulkhead | undefined,
    hedge: service.parts.hedge as Hedge | undefined,
    timers: clock.pending(),
    listeners: signals.reduce((sum, signal) => sum + getEventListeners(signal, 'abort').length, 0),
    lateStarts,
    thrown,
  };

  function execution(call: PlannedCall, context: OperationContext, isShared: boolean): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    let isOver = false;
    const end = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      cancelTimer();
      running -= 1;
      settle();
    };
    const cancelTimer = clock.schedule(() => end(finish), call.takesMs);
    const finish = (): void => {
      if (call.ending === 'error') return reject(new Error('down'));
      const result = new Result(call.ending === 'bad', isShared, () => maybeThrow('disposals'));
      results.push(result);
      resolve(result);
    };
    if (call.ending === 'throw') {
      end(() => {});
      throw new Error('thrown');
    }
    if (call.heeds)
      context.signal.addEventListener('abort', () => end(() => reject(context.signal.reason)), {
        once: true,
      });
    return promise;
  }
}
