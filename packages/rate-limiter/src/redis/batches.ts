import type { Clock } from '@holdfast/core';
import { RateLimitStoreError } from '../errors.ts';
import type { Remote } from './remote.ts';
import type { PlanScripts } from './plan-scripts.ts';
import type { Attempt } from '../outage/store-health.ts';

/** Most calls of one run, so that no run keeps the server from others for long. */
const mostCalls = 32;

/** One call to be decided: what `decide` takes, and whom to tell. */
export interface PendingCall {
  readonly keys: readonly string[];
  readonly cost: number;
  readonly factor: number;
  /** As `decide` takes its groups. */
  readonly codes: string;
  /**
   * The call's part of a reply begins at `at`; it was asked for at `sentAt` of the monotonic clock. Returns where the next
   * call's part begins.
   */
  answered(reply: readonly unknown[], at: number, sentAt: number): number;
  /** There will be no answer, though the call may have been charged. */
  failed(): void;
}

interface Batch {
  readonly attempt: Attempt;
  readonly calls: PendingCall[];
}

/** The batches of one turn that take more calls, by the key that they are about: `''` on a single server. */
type Turn = Map<string, Batch>;

/**
 * Joins the calls that are made in the same turn into one run of the script: a hundred concurrent decisions cost a few
 * commands, promises and timers instead of a hundred of each. On a cluster only calls about the same key are joined.
 *
 * A batch settles all its calls.
 */
export class Batches {
  readonly #remote: Remote;
  readonly #scripts: PlanScripts;
  readonly #clock: Clock;
  readonly #damaged: (values: number) => void;
  /** Lives for one turn, as a map that all calls pass through would keep them from the collector. */
  #turn: Turn | undefined;

  /** @param damaged - Told how many values a reply found damaged. */
  constructor(remote: Remote, scripts: PlanScripts, clock: Clock, damaged: (values: number) => void) {
    this.#remote = remote;
    this.#scripts = scripts;
    this.#clock = clock;
    this.#damaged = damaged;
  }

  add(call: PendingCall, attempt: Attempt, key: string): void {
    const turn = (this.#turn ??= this.#begin());
    let batch = turn.get(key);
    if (batch !== undefined && batch.attempt === attempt && batch.calls.length < mostCalls) {
      batch.calls.push(call);
      return;
    }
    if (batch !== undefined) this.#send(batch);
    batch = { attempt, calls: [call] };
    turn.set(key, batch);
  }

  #begin(): Turn {
    const turn: Turn = new Map<string, Batch>();
    // What is ready to run now has its say before the batches close.
    queueMicrotask(() => {
      this.#turn = undefined;
      for (const batch of turn.values()) this.#send(batch);
    });
    return turn;
  }

  #send({ calls, attempt }: Batch): void {
    const sentAt = this.#clock.now();
    const keys: string[] = [];
    const args: (string | number)[] = [];
    for (const call of calls) {
      keys.push(...call.keys);
      this.#scripts.addCall(args, call.cost, call.codes, call.factor);
    }
    this.#remote.run(this.#scripts.decide, keys, args, (outcome) => {
      if ('reply' in outcome && Array.isArray(outcome.reply)) {
        attempt.succeeded();
        this.#answer(calls, outcome.reply as readonly unknown[], sentAt);
        return;
      }
      const strange = new RateLimitStoreError('the store answered something else than a decision');
      attempt.failed('failure' in outcome ? outcome.failure : strange);
      for (const call of calls) call.failed();
    });
  }

  #answer(calls: readonly PendingCall[], reply: readonly unknown[], sentAt: number): void {
    const damaged = Number(reply[0]);
    if (damaged > 0) this.#damaged(damaged);
    let at = 2;
    for (const call of calls) at = call.answered(reply, at, sentAt);
  }
}
