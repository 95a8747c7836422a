import type { ServerResponse } from 'node:http';

import type { Answer } from '../answer.ts';
import { HandlerResponse, type HeaderRecord, pairsOf } from '../handler-response.ts';
import type { HandlerRun } from '../turn.ts';
import { bytesOf, type Callback, headBy, writtenBy } from './call-arguments.ts';
import { showHeadSent } from './head-shown.ts';
import { send, setHeaders } from './send.ts';

/** What a handler has set and an answer in its place does not take away: it is about the client, not the content. */
const staying: ReadonlySet<string> = new Set(['connection', 'set-cookie']);

/**
 * Holds back what a handler sends until it is complete, so that the answer can still be another one: with an entity tag,
 * without a body, or stale in place of a failure.
 *
 * A response that is written in parts is held only if it says how long it is; any other is a stream, which goes out as it
 * is written. So does everything as soon as the handler wants its headers sent.
 *
 * Invariant: from when the handler has begun to answer, `headersSent` says so, held back or not.
 */
export class HeldResponse {
  readonly #response: ServerResponse;
  readonly #run: HandlerRun;
  readonly #outer: HeaderRecord;
  readonly #original: Pick<ServerResponse, 'end' | 'flushHeaders' | 'write' | 'writeHead'>;
  readonly #parts: Buffer[] = [];
  #heldBytes = 0;
  #hideHead: (() => void) | undefined;
  /** `'ending'`: complete, and a stale response is looked for. */
  #state: 'holding' | 'ending' | 'passing' = 'holding';

  readonly #onComplete: () => void;

  /** @param onComplete - Called when the handler has made its response. */
  constructor(response: ServerResponse, run: HandlerRun, onComplete: () => void) {
    this.#response = response;
    this.#run = run;
    this.#onComplete = onComplete;
    this.#outer = response.getHeaders();
    this.#original = {
      end: response.end.bind(response),
      flushHeaders: response.flushHeaders.bind(response),
      write: response.write.bind(response),
      writeHead: response.writeHead.bind(response),
    };
  }

  /** Takes the place of the methods by which handlers answer. */
  takeOver(): void {
    const response = this.#response;
    Object.assign(response, {
      end: (...args: unknown[]) => this.#end(args),
      flushHeaders: () => this.#flushHeaders(),
      write: (...args: unknown[]) => this.#write(args),
      writeHead: (...args: unknown[]) => this.#writeHead(args),
    });
    response.once('close', () => this.#run.leave());
  }

  #writeHead(args: readonly unknown[]): unknown {
    if (this.#state !== 'holding') return Reflect.apply(this.#original.writeHead, undefined, args);
    this.#showHead();
    const response = this.#response;
    const [status, ...rest] = args;
    const { reason, headers } = headBy(rest);
    response.statusCode = Number(status);
    if (reason !== undefined) response.statusMessage = reason;
    for (const [name, value] of headers) response.setHeader(name, value);
    return response;
  }

  #flushHeaders(): void {
    this.#release();
    this.#original.flushHeaders();
  }

  #write(args: readonly unknown[]): unknown {
    if (this.#state === 'ending') return false;
    const written = writtenBy(args);
    if (this.#state === 'passing' || !this.#mayHold(bytesOf(written).length)) {
      this.#release();
      return Reflect.apply(this.#original.write, undefined, args);
    }
    this.#showHead();
    this.#hold(bytesOf(written));
    if (written.callback !== undefined) queueMicrotask(written.callback);
    return true;
  }

  #end(args: readonly unknown[]): unknown {
    if (this.#state === 'ending') return this.#response;
    const written = writtenBy(args);
    const last = bytesOf(written);
    if (this.#state === 'passing' || this.#heldBytes + last.length > this.#run.maxBodyBytes) {
      this.#release();
      return Reflect.apply(this.#original.end, undefined, args);
    }
    this.#hold(last);
    this.#settle(written.callback);
    return this.#response;
  }

  #mayHold(bytes: number): boolean {
    const { maxBodyBytes } = this.#run;
    const announced = this.#response.getHeader('content-length');
    return (
      announced !== undefined && Number(announced) <= maxBodyBytes && this.#heldBytes + bytes <= maxBodyBytes
    );
  }

  #showHead(): void {
    this.#hideHead ??= showHeadSent(this.#response);
  }

  #hold(part: Buffer): void {
    this.#parts.push(part);
    this.#heldBytes += part.length;
  }

  /** From now on everything goes out as it is written. */
  #release(): void {
    if (this.#state !== 'holding') return;
    this.#state = 'passing';
    this.#hideHead?.();
    this.#onComplete();
    this.#run.pass();
    for (const part of this.#parts.splice(0)) this.#original.write(part);
  }

  #settle(callback: Callback | undefined): void {
    this.#state = 'ending';
    this.#onComplete();
    const { statusCode } = this.#response;
    const body = Buffer.concat(this.#parts.splice(0));
    const made = new HandlerResponse(statusCode, pairsOf(this.#response.getHeaders()), body, this.#outer);
    const answer = this.#run.settle(made);
    if (!(answer instanceof Promise)) return this.#finish(answer, made, callback);
    this.#showHead();
    void answer.then((other) => this.#finishLater(other, made, callback));
  }

  /** What was set after the end counts no more. */
  #finishLater(answer: Answer | undefined, made: HandlerResponse, callback: Callback | undefined): void {
    const response = this.#response;
    response.statusCode = made.status;
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    setHeaders(response, made.headers);
    this.#finish(answer, made, callback);
  }

  #finish(answer: Answer | undefined, made: HandlerResponse, callback: Callback | undefined): void {
    this.#state = 'passing';
    this.#hideHead?.();
    if (answer === undefined) return void this.#original.end(made.body, callback);
    for (const [name] of made.own) if (!staying.has(name)) this.#response.removeHeader(name);
    if (answer.status !== made.status) this.#response.statusMessage = '';
    send(this.#response, answer, callback);
  }
}
