import type { HeaderValue } from '../handler-response.ts';

export type Callback = (error?: Error | null) => void;

/** What `write` and `end` of a response are called with: nothing of it has to be there. */
export interface Written {
  readonly chunk: string | Uint8Array | undefined;
  readonly encoding: BufferEncoding | undefined;
  readonly callback: Callback | undefined;
}

export function writtenBy(args: readonly unknown[]): Written {
  const callback = args.find((arg) => typeof arg === 'function') as Callback | undefined;
  const [chunk, encoding] = args.filter((arg) => typeof arg !== 'function');
  return {
    chunk: (chunk ?? undefined) as Written['chunk'],
    encoding: (encoding ?? undefined) as Written['encoding'],
    callback,
  };
}

export function bytesOf({ chunk, encoding }: Written): Buffer {
  if (chunk === undefined) return Buffer.alloc(0);
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
}

/** What `writeHead` is called with after the status. */
export function headBy(args: readonly unknown[]): {
  readonly reason: string | undefined;
  readonly headers: ReadonlyMap<string, HeaderValue | number>;
} {
  const [reason, headers] = typeof args[0] === 'string' ? [args[0], args[1]] : [undefined, args[0]];
  return {
    reason,
    headers: new Map(Array.isArray(headers) ? inLines(headers) : Object.entries(headers ?? {})),
  };
}

/** Names and values in turns, or in pairs; a name that comes again has several lines. */
function inLines(flat: readonly unknown[]): Map<string, HeaderValue | number> {
  const all = flat.flat() as readonly (string | number)[];
  const lines = new Map<string, HeaderValue | number>();
  for (let at = 0; at + 1 < all.length; at += 2) {
    const [name, value] = [String(all[at]), all[at + 1] as string | number];
    const before = lines.get(name);
    lines.set(name, before === undefined ? value : [before, value].flat().map(String));
  }
  return lines;
}
