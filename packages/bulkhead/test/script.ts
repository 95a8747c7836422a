import { Bulkhead, type BulkheadOptions } from '@holdfast/bulkhead';
import type { Criticality } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';

/** What came of a script. Calls are named by letters. */
export interface Facts {
  /** The calls whose operation began, in that order. */
  readonly started: string;
  /** How the calls that are over ended for their callers, in that order, like `a:ok f:full`. */
  readonly ended: string;
  readonly running: number;
  readonly queued: number;
}

interface Call {
  readonly controller: AbortController;
  readonly operation: PromiseWithResolvers<void>;
}

const words =
  /^(?:(?<call>[a-z])(?<tenant>[A-Z]?)(?:-(?<criticality>\w+))?(?<act>[.!~]?)|\+(?<waitMs>\d+)|=(?<limit>\d+)|(?<close>close))$/u;

/**
 * Drives a bulkhead by a script of words: `a` call `a` arrives, `aT` for tenant T, `a-critical` with that criticality;
 * `a.` its operation succeeds, `a!` it fails, `a~` its caller aborts; `+50` lets 50 ms pass, `=2` sets the limit, `close`
 * disposes. Promises settle after each word, and not between words that are joined by `&`.
 */
export async function play(
  { deadlineMs, ...options }: BulkheadOptions & { readonly deadlineMs?: number },
  script: string,
): Promise<Facts> {
  const clock = new ManualClock();
  const bulkhead = new Bulkhead({ clock, ...options });
  const calls = new Map<string, Call>();
  const [started, ended]: [string[], string[]] = [[], []];

  for (const group of script.split(' ')) {
    group.split('&').forEach(obey);
    await settle();
  }
  const { running, queued } = bulkhead;
  return { started: started.join(''), ended: ended.join(' '), running, queued };

  function obey(word: string): void {
    const { call, tenant, criticality, act, waitMs, limit, close } = words.exec(word)?.groups ?? {};
    if (waitMs !== undefined) clock.advanceSync(Number(waitMs));
    if (limit !== undefined) bulkhead.resize(Number(limit));
    if (close !== undefined) void bulkhead[Symbol.asyncDispose]().then(() => ended.push('disposed'));
    if (call === undefined) return;
    if (act === '') arrive(call, tenant, criticality as Criticality | undefined);
    if (act === '.') calls.get(call)?.operation.resolve();
    if (act === '!') calls.get(call)?.operation.reject(new Error('failed'));
    if (act === '~') calls.get(call)?.controller.abort(new Error('aborted'));
  }

  function arrive(id: string, tenant: string | undefined, criticality: Criticality | undefined): void {
    const call = { controller: new AbortController(), operation: Promise.withResolvers<void>() };
    calls.set(id, call);
    const run = (): Promise<void> => {
      started.push(id);
      return call.operation.promise;
    };
    bulkhead.execute(run, { signal: call.controller.signal, deadlineMs, tenant, criticality }).then(
      () => ended.push(`${id}:ok`),
      (error: Error & { readonly reason?: string }) => ended.push(`${id}:${error.reason ?? error.message}`),
    );
  }
}
