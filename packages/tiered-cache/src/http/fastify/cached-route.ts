import type { IncomingMessage } from 'node:http';

import type { Answer } from '../answer.ts';
import { HandlerResponse, type HeaderRecord, pairsOf } from '../handler-response.ts';
import { beforeHead } from '../node/before-head.ts';
import { replaceConditions } from '../node/conditions-in-place.ts';
import { type Dispatch, NodeIncoming } from '../node/node-incoming.ts';
import type { NodeReplays } from '../node/node-replays.ts';
import type { ResponseCache } from '../response-cache.ts';
import type { HandlerRun, Turn } from '../turn.ts';
import type { FastifyReplyLike, FastifyRequestLike, FastifyRouteLike, OnSendLike } from './fastify-shapes.ts';
import { payloadOf, put, replace, withdraw } from './put-answer.ts';

export interface CachedRouteOptions {
  readonly responses: ResponseCache<FastifyRequestLike>;
  readonly replays: NodeReplays<FastifyRequestLike>;
  readonly dispatch: Dispatch;
}

type Handler = (this: unknown, request: FastifyRequestLike, reply: FastifyReplyLike) => unknown;

/** A handler under way. */
interface Started {
  readonly run: HandlerRun;
  readonly outer: HeaderRecord;
  readonly restore: () => void;
}

/** How far a request has come. */
interface Progress {
  /** The handler's run, until its payload has come. */
  started?: Started;
  /** What is sent in place of what the handler made, or without it. */
  answer?: Answer;
  /** The answer has been put. A payload that comes after it is that of a hook's failure. */
  put?: boolean;
}

/**
 * One route that is answered from a response cache. In place of its handler it asks the cache; where payloads are sent, it
 * takes what the handler made, and puts what the cache answers.
 *
 * Invariant: what is stored is the payload as it came to this route's place among the hooks that change payloads. An
 * answer from the cache is put in that same place, so each hook has changed it once.
 */
export class CachedRoute {
  readonly #options: CachedRouteOptions;
  readonly #progress = new WeakMap<IncomingMessage, Progress>();

  constructor(options: CachedRouteOptions) {
    this.#options = options;
  }

  takeOver(route: FastifyRouteLike): void {
    const handler = route.handler as Handler;
    const begin = (request: FastifyRequestLike, reply: FastifyReplyLike, next: () => unknown): unknown =>
      this.#begin(request, reply, next);
    route.handler = function answered(
      this: unknown,
      request: FastifyRequestLike,
      reply: FastifyReplyLike,
    ): unknown {
      return begin(request, reply, () => handler.call(this, request, reply));
    };
    route.onSend = [this.#onSend, ...[route.onSend ?? []].flat()];
  }

  #begin(request: FastifyRequestLike, reply: FastifyReplyLike, handle: () => unknown): unknown {
    const { responses, replays } = this.#options;
    const incoming = incomingOf(request, this.#options);
    const turn = replays.runFor(request.raw, incoming) ?? responses.begin(incoming);
    if (turn instanceof Promise) return this.#takeLater(turn, request, reply, handle);
    this.#prepare(turn, request, reply);
    return handle();
  }

  async #takeLater(
    coming: Promise<Turn>,
    request: FastifyRequestLike,
    reply: FastifyReplyLike,
    handle: () => unknown,
  ): Promise<unknown> {
    const turn = await coming;
    if (turn.kind === 'answer') return this.#answer(turn, request, reply);
    this.#prepare(turn, request, reply);
    const result = handle();
    // A handler that returns nothing answers by itself, now or later.
    return result === undefined ? reply : result;
  }

  /** Sends nothing, for its type would be guessed: the payload is put where payloads are sent. */
  #answer(answer: Answer, { raw }: FastifyRequestLike, reply: FastifyReplyLike): unknown {
    this.#progress.set(raw, { answer });
    reply.code(200);
    return reply.send();
  }

  #prepare(turn: Exclude<Turn, Answer>, { raw }: FastifyRequestLike, reply: FastifyReplyLike): void {
    for (const [name, value] of turn.headers) reply.header(name, value);
    if (turn.kind === 'pass') return;
    const restore = replaceConditions(raw, turn.conditions);
    const progress: Progress = { started: { run: turn, outer: reply.getHeaders(), restore } };
    this.#progress.set(raw, progress);
    beforeHead(reply.raw, () => sentPast(progress));
    reply.raw.once('close', () => (reply.raw.writableEnded ? turn.pass() : turn.leave()));
  }

  readonly #onSend: OnSendLike = (request, reply, payload, done) => {
    const progress = this.#progress.get(request.raw);
    if (progress === undefined) return done(null, payload);
    const { started, answer } = progress;
    if (started !== undefined) {
      delete progress.started;
      return this.#settle(started, progress, request, reply, payload, done);
    }
    if (answer === undefined) return done(null, payload);
    if (progress.put === true) {
      withdraw(reply);
      return done(null, payload);
    }
    // A hook before this one has failed, or refuses.
    if (reply.statusCode >= 400) return done(null, payload);
    progress.put = true;
    put(answer, reply);
    done(null, payloadOf(answer, request));
  };

  #settle(
    { run, outer, restore }: Started,
    progress: Progress,
    ...[request, reply, payload, done]: Parameters<OnSendLike>
  ): void {
    restore();
    if (!isContent(payload)) {
      run.pass();
      return done(null, payload);
    }
    const headers = pairsOf(reply.getHeaders());
    const made = new HandlerResponse(reply.statusCode, headers, payload ?? '', outer);
    const finish = (answer: Answer | undefined): void => {
      if (answer === undefined) return done(null, payload);
      replace(made, answer, reply);
      Object.assign(progress, { answer, put: true });
      done(null, payloadOf(answer, request));
    };
    const settled = run.settle(made);
    if (settled instanceof Promise) void settled.then(finish);
    else finish(settled);
  }
}

export function incomingOf(
  request: FastifyRequestLike,
  { replays, dispatch }: Pick<CachedRouteOptions, 'replays' | 'dispatch'>,
): NodeIncoming<FastifyRequestLike> {
  const origin = `${request.protocol}://${request.host}`;
  return new NodeIncoming({ request, raw: request.raw, origin, target: request.url, replays, dispatch });
}

/** A head that goes out before there is a payload is that of a handler that sends by itself, perhaps without an end. */
function sentPast(progress: Progress): void {
  const { started } = progress;
  if (started === undefined) return;
  delete progress.started;
  started.restore();
  started.run.pass();
}

function isContent(payload: unknown): payload is string | Uint8Array | null | undefined {
  return (
    payload === undefined || payload === null || typeof payload === 'string' || payload instanceof Uint8Array
  );
}
