import type { Answer } from './answer.ts';

/** Why a request with, or without, an idempotency key is not carried out. */
export type Problem = 'missing' | 'malformed' | 'reused' | 'outstanding' | 'not-kept' | 'unavailable';

const problems: Readonly<Record<Problem, { status: number; title: string; detail: string }>> = {
  missing: {
    status: 400,
    title: 'Idempotency-Key is missing',
    detail:
      'This operation is carried out only with an Idempotency-Key, so that it can be tried again safely.',
  },
  malformed: {
    status: 400,
    title: 'Idempotency-Key is malformed',
    detail:
      'The Idempotency-Key must be one string, not empty, of printable ASCII characters, and not too long.',
  },
  reused: {
    status: 422,
    title: 'Idempotency-Key is already used',
    detail:
      'The same Idempotency-Key came before with another request. Every operation needs a key of its own.',
  },
  outstanding: {
    status: 409,
    title: 'A request is outstanding for this Idempotency-Key',
    detail: 'The first request with this Idempotency-Key is still being carried out. Ask again later.',
  },
  'not-kept': {
    status: 409,
    title: 'The answer for this Idempotency-Key was not kept',
    detail:
      'The operation was carried out, but its answer was a stream or too long to be kept. It is not repeated.',
  },
  unavailable: {
    status: 503,
    title: 'Idempotency cannot be guaranteed now',
    detail: 'Whether this Idempotency-Key was used before is not known at present. Nothing was done.',
  },
};

/**
 * The refusal of a request as problem details.
 *
 * @param documentation - Where the service says how its operations use idempotency keys.
 * @see RFC 9457; draft-ietf-httpapi-idempotency-key-header-07, section 2.7
 */
export function problemAnswer(problem: Problem, documentation: string | undefined): Answer {
  const { status, title, detail } = problems[problem];
  const type = documentation ?? 'about:blank';
  const link =
    documentation === undefined ? [] : [['link', `<${documentation}>; rel="describedby"`] as const];
  return {
    status,
    headers: [
      ['content-type', 'application/problem+json'],
      ['content-language', 'en'],
      ...link,
      ...(status === 409 || status === 503 ? [['retry-after', '1'] as const] : []),
    ],
    body: Buffer.from(JSON.stringify({ type, title, status, detail })),
  };
}
