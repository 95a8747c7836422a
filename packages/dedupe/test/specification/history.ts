import { ManualClock, settle } from '@holdfast/core/testing';
import { Dedupe, type DedupeOptions, type DedupeOutcome } from '@holdfast/dedupe';

import { Backend } from '../model/backend.ts';

interface Caller {
  readonly controller: AbortController;
  outcome: string;
  shared: boolean | undefined;
}

/** A dedupe, what it protects, and callers known by name. */
export class History {
  readonly clock = new ManualClock();
  readonly backend = new Backend();
  readonly callers = new Map<string, Caller>();
  readonly dedupe: Dedupe;

  constructor(options: DedupeOptions) {
    this.dedupe = new Dedupe({ clock: this.clock, ...options });
  }

  call(name: string, key: string, deadlineMs: number): void {
    const controller = new AbortController();
    const caller: Caller = { controller, outcome: 'waits', shared: undefined };
    this.callers.set(name, caller);
    const settles = (outcome: DedupeOutcome<unknown>): void => {
      caller.shared = outcome.shared;
      caller.outcome = outcome.status === 'fulfilled' ? String(outcome.value) : textOf(outcome.reason);
    };
    const options = { signal: controller.signal, deadlineMs };
    void this.dedupe.tryRun(key, this.backend.operation, options).then(settles);
  }

  seen(): Seen {
    const callers = [...this.callers];
    return {
      outcomes: Object.fromEntries(callers.map(([name, { outcome }]) => [name, outcome])),
      shared: callers.filter(([, { shared }]) => shared === true).map(([name]) => name),
      executions: this.backend.flights.length,
      calledOff: this.backend.flights.flatMap(({ signal }, index) => (signal.aborted ? [index] : [])),
      inFlight: this.dedupe.inFlight,
    };
  }
}

/** What can be seen after a history. */
export interface Seen {
  /** By caller: the value, the error's message, the signal's reason, or `waits`. */
  readonly outcomes: Readonly<Record<string, string>>;
  /** Callers whose outcome is marked as shared. */
  readonly shared: readonly string[];
  readonly executions: number;
  /** Executions whose signal has aborted, by number. */
  readonly calledOff: readonly number[];
  readonly inFlight: number;
}

export type Step = (history: History) => void | Promise<void>;

export const call =
  (name: string, key = 'a', deadlineMs = Infinity): Step =>
  (history) =>
    history.call(name, key, deadlineMs);

export const calls = (count: number, key = 'a'): Step[] =>
  Array.from({ length: count }, (_, index) => call(`${key}${index}`, key));

export const abort =
  (name: string): Step =>
  ({ callers }) =>
    callers.get(name)?.controller.abort(`${name} left`);

/** Ends an execution, known by its number. */
export const succeed =
  (execution: number, value = `value ${execution}`): Step =>
  ({ backend }) =>
    backend.flights[execution]?.resolve(value);

export const fail =
  (execution: number): Step =>
  ({ backend }) =>
    backend.flights[execution]?.reject(new Error(`failure ${execution}`));

export const forget =
  (key = 'a'): Step =>
  ({ dedupe }) =>
    void dedupe.forget(key);

export const advance =
  (ms: number): Step =>
  ({ clock }) =>
    clock.advance(ms);

export const settled: Step = () => settle();

function textOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
