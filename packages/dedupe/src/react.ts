/**
 * A hook for React by which components that ask for the same at the same time share one request.
 *
 * @module
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Operation } from '@holdfast/core';

import type { Dedupe } from './dedupe.ts';

/** What has come of a query. While it is refreshed, what came before stays. */
export type QueryState<T> =
  | { readonly status: 'pending'; readonly data: undefined; readonly error: undefined }
  | { readonly status: 'success'; readonly data: T; readonly error: undefined }
  | { readonly status: 'error'; readonly data: undefined; readonly error: unknown };

export type DedupedQuery<T> = QueryState<T> & {
  /** Asks anew, whoever else asks meanwhile. The same function as long as the component asks for the same. */
  readonly refresh: () => void;
};

const pending: QueryState<never> = { status: 'pending', data: undefined, error: undefined };

/**
 * Runs `operation` once for all mounted components that ask `dedupe` for `key` at the same time, and again when `key`
 * changes. Nothing is kept: a component that mounts after the answer asks anew.
 *
 * A component that unmounts leaves; when the last one has, the operation is called off. React's strict mode mounts
 * twice, so let the dedupe linger: `new Dedupe({ abandon: { lingerMs: 100 } })`.
 *
 * @param key - What is asked for; `undefined` for nothing as yet, which is pending. See `keyOf`.
 * @param operation - May be another function at each rendering: it is the key that says whether to ask again.
 */
export function useDedupedQuery<T>(
  dedupe: Pick<Dedupe, 'run' | 'forget'>,
  key: string | undefined,
  operation: Operation<T>,
): DedupedQuery<T> {
  const [settled, setSettled] = useState<{ readonly of: string | undefined; readonly state: QueryState<T> }>({
    of: undefined,
    state: pending,
  });
  const [round, setRound] = useState(0);
  const latest = useRef(operation);
  useEffect(() => {
    latest.current = operation;
  });
  useEffect(() => {
    if (key === undefined) return;
    const caller = new AbortController();
    const { signal } = caller;
    const settle = (state: QueryState<T>): void => {
      if (!signal.aborted) setSettled({ of: key, state });
    };
    dedupe
      .run(key, (context) => latest.current(context), { signal })
      .then(
        (data) => settle({ status: 'success', data, error: undefined }),
        (error: unknown) => settle({ status: 'error', data: undefined, error }),
      );
    return () => caller.abort();
  }, [dedupe, key, round]);
  const refresh = useCallback(() => {
    if (key !== undefined) dedupe.forget(key);
    setRound((count) => count + 1);
  }, [dedupe, key]);

  // What came of another key is not shown under this one.
  return { ...(settled.of === key ? settled.state : pending), refresh };
}
