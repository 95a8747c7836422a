import { STATUS_CODES } from 'node:http';
import { isHoldfastError } from '@holdfast/core';

/** An error answer in the form of RFC 9457, sent as `application/problem+json`. */
export interface Problem {
  /** What kind of problem it is; `about:blank` when the status says it all. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string | undefined;
  /** The request this answers, for the log. */
  readonly requestId?: string | undefined;
  /** What exactly is wrong with the request. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[] | undefined;
}

const invalidRequest = {
  type: '/problems/invalid-request',
  title: 'The request is not valid',
  status: 400,
} as const;

/** What the codes of policies and domain mean in HTTP. */
const byCode: Readonly<Record<string, Pick<Problem, 'type' | 'title' | 'status'>>> = {
  ERR_RATE_LIMITED: {
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
    title: 'Too many requests',
    status: 429,
  },
  ERR_CIRCUIT_OPEN: {
    type: '/problems/dependency-unavailable',
    title: 'A dependency is unavailable',
    status: 503,
  },
  ERR_DATABASE_UNAVAILABLE: {
    type: '/problems/dependency-unavailable',
    title: 'A dependency is unavailable',
    status: 503,
  },
  ERR_BULKHEAD_FULL: { type: '/problems/overloaded', title: 'Overloaded', status: 503 },
  ERR_SHED: {
    type: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
    title: 'Reduced capacity',
    status: 503,
  },
  ERR_FEATURE_OFF: { type: '/problems/feature-disabled', title: 'Switched off under load', status: 503 },
  ERR_TIMEOUT: { type: '/problems/timeout', title: 'A dependency was too slow', status: 504 },
  ERR_DEADLINE_EXCEEDED: { type: '/problems/deadline-exceeded', title: 'The deadline passed', status: 504 },
  ERR_INVALID_INPUT: invalidRequest,
  ERR_ITEM_NOT_FOUND: { type: '/problems/not-found', title: 'No such item', status: 404 },
  ERR_VERSION_CONFLICT: { type: '/problems/version-conflict', title: 'The item has changed', status: 412 },
  ERR_DUPLICATE_SOURCE: { type: '/problems/duplicate-source', title: 'The source is taken', status: 409 },
};

/** A failure that the client has to hear of, thrown by the routes. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  readonly retryAfterMs: number | undefined;

  constructor(problem: Problem, retryAfterMs?: number) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** For what HTTP itself defines: the status says what kind of problem it is. */
export const plainProblem = (status: number, detail?: string): Problem => ({
  type: 'about:blank',
  title: STATUS_CODES[status] ?? (status === clientLeft ? 'Client Closed Request' : 'Error'),
  status,
  detail,
});

/** Nobody reads it; it tells an answer that could not be given from one that was refused. Not registered, but common. */
const clientLeft = 499;

/** The reason with which a call ends whose client went away. */
export const clientLeftError = (): ProblemError => new ProblemError(plainProblem(clientLeft));

interface FrameworkError {
  readonly statusCode?: number;
  readonly message: string;
  readonly validation?: readonly { readonly instancePath: string; readonly message?: string }[];
  readonly validationContext?: string;
}

/** What the client is told about `error`. What we did not foresee says nothing about our insides. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (isHoldfastError(error)) {
    const known = byCode[error.code];
    if (known !== undefined) return { ...known, detail: error.message };
  }
  const { statusCode, message, validation, validationContext } = (error ?? {}) as Partial<FrameworkError>;
  if (validation !== undefined) return invalid(validation, validationContext ?? 'request');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return plainProblem(statusCode, message);
  return plainProblem(500);
}

function invalid(validation: NonNullable<FrameworkError['validation']>, context: string): Problem {
  const errors = validation.map(({ instancePath, message }) => ({
    pointer: `#/${context}${instancePath}`,
    detail: message ?? 'is not valid',
  }));
  return { ...invalidRequest, errors };
}

/** When the client may come back, in milliseconds, if the error knows. */
export function retryAfterOf(error: unknown): number | undefined {
  return (error as { readonly retryAfterMs?: number } | undefined)?.retryAfterMs;
}
