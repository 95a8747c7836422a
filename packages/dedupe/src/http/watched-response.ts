import type { ServerResponse } from 'node:http';

import { type Answer, handlerHeaders, type HeaderRecord } from './answer.ts';
import type { HandlerRun } from './turn.ts';

type Original = Pick<ServerResponse, 'end' | 'flushHeaders' | 'write' | 'writeHead'>;

/**
 * Sees what a handler answers while it goes out. Of a response that does not say how long it is, and of one that is too
 * long, it sees only the beginning.
 */
export class WatchedResponse {
  readonly #response: ServerResponse;
  readonly #run: HandlerRun;
  readonly #outer: HeaderRecord;
  readonly #original: Original;
  readonly #parts: Buffer[] = [];
  #bytes = 0;
  #settled = false;
  /** Until then the end of the response is held back. */
  #keeping: Promise<void> | undefined;

  /** Takes the place of the methods by which handlers answer. */
  constructor(response: ServerResponse, run: HandlerRun) {
    this.#response = response;
    this.#run = run;
    this.#outer = { ...response.getHeaders() };
    this.#original = {
      end: response.end.bind(response),
      flushHeaders: response.flushHeaders.bind(response),
      write: response.write.bind(response),
      writeHead: response.writeHead.bind(response),
    };
    Object.assign(response, {
      end: (...args: unknown[]) => this.#end(args),
      flushHeaders: () => this.#flushHeaders(),
      write: (...args: unknown[]) => this.#write(args),
      writeHead: (...args: unknown[]) => this.#writeHead(args),
    });
    const close = (): void => {
      if (!this.#settled) run.leave();
    };
    // One that was answered before its handler runs is closed once and for all.
    if (response.destroyed) close();
    else response.once('close', close);
  }

  /** Headers that are only named here would not be among those of the response. */
  #writeHead([status, ...rest]: readonly unknown[]): ServerResponse {
    const [reason, headers] = typeof rest[0] === 'string' ? rest : [undefined, rest[0]];
    for (const [name, value] of headersIn(headers)) this.#response.setHeader(name, value);
    return this.#original.writeHead(status as number, reason as string | undefined);
  }

  #flushHeaders(): void {
    if (!this.#run.takesStreams) this.#settle(undefined);
    this.#original.flushHeaders();
  }

  #write(args: readonly unknown[]): unknown {
    const isStream = this.#response.getHeader('content-length') === undefined;
    if (isStream && !this.#run.takesStreams) this.#settle(undefined);
    this.#collect(args);
    return Reflect.apply(this.#original.write, undefined, args);
  }

  #end(args: readonly unknown[]): unknown {
    this.#collect(args);
    this.#settle({
      status: this.#response.statusCode,
      headers: handlerHeaders(this.#response.getHeaders(), this.#outer),
      body: Buffer.concat(this.#parts),
    });
    const finish = (): unknown => Reflect.apply(this.#original.end, undefined, args);
    if (this.#keeping === undefined) return finish();
    void this.#keeping.then(finish);
    return this.#response;
  }

  #collect([chunk, encoding]: readonly unknown[]): void {
    if (this.#settled || chunk === undefined || chunk === null || typeof chunk === 'function') return;
    const part =
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
        : Buffer.from(chunk as Uint8Array);
    this.#bytes += part.length;
    this.#parts.push(part);
    if (this.#bytes > this.#run.maxBodyBytes) this.#settle(undefined);
  }

  #settle(answer: Answer | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#parts.length = 0;
    this.#keeping = this.#run.settle(answer, this.#response.statusCode) ?? undefined;
  }
}

/** An object, a list of pairs, or names and values in turns; a name that comes again has several lines. */
function headersIn(headers: unknown): Map<string, number | string | readonly string[]> {
  type Value = number | string | readonly string[];
  if (!Array.isArray(headers)) return new Map(Object.entries((headers ?? {}) as Record<string, Value>));
  const flat = headers.flat() as readonly (number | string)[];
  const lines = new Map<string, Value>();
  for (let at = 0; at < flat.length; at += 2) {
    const [name, value] = [String(flat[at]), flat[at + 1] as number | string];
    const before = lines.get(name);
    lines.set(name, before === undefined ? value : [before, value].flat().map(String));
  }
  return lines;
}
