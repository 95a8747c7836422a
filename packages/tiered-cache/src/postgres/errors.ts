import { bareCopy } from '../bare-copy.ts';

/** Where a server or a client tells what it was working on: the whole row, the parameters of a statement. */
const attachments = ['detail', 'where', 'internalQuery', 'query', 'parameters'] as const;

/** An error of a client without what was sent to the server, which is keys and values. Name, text, code and stack stay. */
export function bareError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const cause = bareError(error.cause);
  if (cause === error.cause && !attachments.some((name) => name in error)) return error;
  return bareCopy(error, error.message, cause);
}
