import { type Criticality, type ExecuteOptions, Execution } from '@holdfast/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type UserId, userId } from '../domain/user-id.ts';
import { clientLeftError, plainProblem, ProblemError } from './problem.ts';

/** What a route says about its calls. */
export interface CallClass {
  readonly criticality: Criticality;
  /** Whether the stricter limit on expensive calls applies too. */
  readonly expensive?: boolean;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent on routes for operators: nobody is asked who they are, and nothing is limited. */
    readonly call?: CallClass;
  }
  interface FastifyRequest {
    /** Who calls; empty on routes for operators. */
    user: UserId;
    callOptions: ExecuteOptions;
  }
}

/** No caller waits longer, whatever it says. */
const longestDeadlineMs = 10_000;

/**
 * Tells from each request who calls and how long they will wait. The service runs behind a proxy that authenticates and
 * sets `x-user-id`; it believes that header and no other part of the request.
 */
export function registerCalls(app: FastifyInstance): void {
  app.decorateRequest('user', '' as UserId);
  app.decorateRequest('callOptions');
  app.addHook('onRequest', async (request, reply) => {
    const { call } = request.routeOptions.config;
    if (call === undefined) return;
    request.user = callerOf(request);
    // An execution, because its time runs from now on, and not only once the body has been read.
    request.callOptions = new Execution({
      signal: leavingOf(reply),
      deadlineMs: deadlineOf(request),
      tenant: request.user,
      criticality: call.criticality,
    });
  });
}

function callerOf({ headers }: FastifyRequest): UserId {
  const id = headers['x-user-id'];
  if (typeof id !== 'string' || id === '')
    throw new ProblemError(plainProblem(401, 'the header x-user-id must name the user'));
  return userId(id);
}

/**
 * Aborts when the client goes away before its answer. The framework's own `request.signal` aborts as soon as the body of a
 * request is read.
 */
function leavingOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort(clientLeftError());
  });
  return controller.signal;
}

/** The budget in milliseconds that the client gave in `x-deadline-ms`, within reason. */
function deadlineOf({ headers }: FastifyRequest): number {
  const given = headers['x-deadline-ms'];
  if (given === undefined) return longestDeadlineMs;
  if (typeof given === 'string' && /^\d{1,9}$/.test(given)) return Math.min(Number(given), longestDeadlineMs);
  throw new ProblemError(plainProblem(400, 'x-deadline-ms must be a whole number of milliseconds'));
}
