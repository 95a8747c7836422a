import { HandlerFailedError } from './errors.ts';
import type { HandlerResponse } from './handler-response.ts';
import type { Incoming } from './incoming.ts';
import type { ResponseLoadContext } from './response-store.ts';
import { isFailure } from './storability.ts';
import type { StoredResponse } from './stored-response.ts';
import { type Subject, subjectOf } from './subject.ts';
import type { Workings } from './workings.ts';

export interface Replay<R> {
  readonly workings: Workings<R>;
  readonly incoming: Incoming<R>;
  readonly subject: Subject;
  /** What is to be confirmed or replaced. */
  readonly held: StoredResponse | undefined;
  readonly context: Pick<ResponseLoadContext, 'signal'>;
}

/**
 * What the handler answers to a request that it is given again, with nobody listening; `undefined` for a stream and for
 * what is too long.
 *
 * @throws {HandlerFailedError} when it fails or does not answer in time.
 */
export async function replayed<R>({
  workings,
  incoming,
  subject,
  held,
  context,
}: Replay<R>): Promise<HandlerResponse | undefined> {
  const { options } = workings;
  const { clock, refreshTimeoutMs } = options;
  const late = Promise.withResolvers<never>();
  const ended = new AbortController();
  const giveUp = (): void => {
    const error = new HandlerFailedError(`did not answer within ${refreshTimeoutMs} ms`);
    late.reject(error);
    ended.abort(error);
  };
  const cancel = clock.schedule(giveUp, refreshTimeoutMs, { background: true });
  try {
    const replay = incoming.replay({
      conditions: held?.conditions ?? [],
      maxBodyBytes: options.maxBodyBytes,
      signal: AbortSignal.any([context.signal, ended.signal]),
      isSame: (again) => subjectOf(again, options).key === subject.key,
    });
    const response = await Promise.race([replay, late.promise]);
    if (response !== undefined && isFailure(response.status))
      throw new HandlerFailedError(`answered ${response.status}`, response.status);
    return response;
  } finally {
    cancel();
  }
}
