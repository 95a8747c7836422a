import { type Answer, handlerHeaders, type HeaderRecord } from './answer.ts';
import type { FastifyReplyLike, FastifyRequestLike, FastifyRouteLike } from './fastify-shapes.ts';
import { NodeIncoming } from './node-incoming.ts';
import type { RequestDedupe } from './request-dedupe.ts';
import type { HandlerRun, Turn } from './turn.ts';

type Handler = (this: unknown, request: FastifyRequestLike, reply: FastifyReplyLike) => unknown;

/** A handler whose payload has not come yet. */
interface Started {
  readonly run: HandlerRun;
  readonly outer: HeaderRecord;
}

/**
 * A route whose handler runs once for identical requests. What is shared is the payload as it came to the first of the
 * route's own hooks that change payloads, so they change it for each request.
 */
export class DedupedRoute {
  readonly #requests: RequestDedupe<FastifyRequestLike>;
  readonly #started = new WeakMap<FastifyRequestLike, Started>();

  constructor(requests: RequestDedupe<FastifyRequestLike>) {
    this.#requests = requests;
  }

  takeOver(route: FastifyRouteLike): void {
    const handler = route.handler as Handler;
    const begin = (request: FastifyRequestLike, reply: FastifyReplyLike, handle: () => unknown): unknown =>
      this.#begin(request, reply, handle);
    route.handler = function deduped(this: unknown, request: FastifyRequestLike, reply: FastifyReplyLike) {
      return begin(request, reply, () => handler.call(this, request, reply));
    };
    route.onSend = [this.#onSend, ...[route.onSend ?? []].flat()];
  }

  #begin(request: FastifyRequestLike, reply: FastifyReplyLike, handle: () => unknown): unknown {
    const { raw, url: target, host, body } = request;
    const incoming = new NodeIncoming({ request, raw, response: reply.raw, host, target, body });
    const turn = this.#requests.begin(incoming);
    return turn instanceof Promise
      ? this.#takeLater(turn, request, reply, handle)
      : this.#take(turn, request, reply, handle);
  }

  async #takeLater(
    coming: Promise<Turn>,
    request: FastifyRequestLike,
    reply: FastifyReplyLike,
    handle: () => unknown,
  ): Promise<unknown> {
    const result = await this.#take(await coming, request, reply, handle);
    // A handler that gives nothing answers by itself, now or later.
    return result === undefined ? reply : result;
  }

  /** Gives what the handler, or what stands in for it, gives. */
  #take(turn: Turn, request: FastifyRequestLike, reply: FastifyReplyLike, handle: () => unknown): unknown {
    if (turn.kind === 'gone') return reply.hijack();
    if (turn.kind === 'answer') return put(turn.answer, reply);
    if (turn.kind === 'run') this.#watch(turn, request, reply);
    return handle();
  }

  #watch(run: HandlerRun, request: FastifyRequestLike, reply: FastifyReplyLike): void {
    this.#started.set(request, { run, outer: { ...reply.getHeaders() } });
    const close = (): void => {
      if (!this.#started.has(request)) return;
      // A handler that answers past fastify cannot be seen.
      if (reply.raw.writableEnded) void this.#finish(run, request, undefined);
      else run.leave();
    };
    // One that was answered before its handler runs is closed once and for all.
    if (reply.raw.destroyed) close();
    else reply.raw.once('close', close);
  }

  readonly #onSend = async (
    request: FastifyRequestLike,
    reply: FastifyReplyLike,
    payload: unknown,
  ): Promise<unknown> => {
    const started = this.#started.get(request);
    if (started === undefined) return payload;
    const { run, outer } = started;
    const body = bytesOf(payload);
    const headers = handlerHeaders(reply.getHeaders(), outer);
    const fits = body !== undefined && body.byteLength <= run.maxBodyBytes;
    const { statusCode: status } = reply;
    await this.#finish(run, request, fits ? { status, headers, body } : undefined, status);
    return payload;
  };

  #finish(
    run: HandlerRun,
    request: FastifyRequestLike,
    answer: Answer | undefined,
    status?: number,
  ): void | Promise<void> {
    this.#started.delete(request);
    return run.settle(answer, status);
  }
}

function put({ status, headers, body }: Answer, reply: FastifyReplyLike): Buffer {
  reply.code(status);
  for (const [name, value] of headers) reply.header(name, value);
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** `undefined` for a stream. */
function bytesOf(payload: unknown): Buffer | undefined {
  if (typeof payload === 'string' || payload instanceof Uint8Array) return Buffer.from(payload);
  return payload === undefined || payload === null ? Buffer.alloc(0) : undefined;
}
