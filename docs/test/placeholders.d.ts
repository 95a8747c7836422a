// What the examples in the documents take for granted: the reader's own code.

interface Order {
  readonly id: string;
  readonly total: number;
}
interface User {
  readonly id: string;
  readonly name: string;
}
interface Signalled {
  readonly signal?: AbortSignal | undefined;
}

declare const order: Order;
declare const user: User;
declare const id: string;
declare const name: string;
declare const url: string;
declare const currency: string;
declare const symbol: string;
declare const query: string;
declare const signal: AbortSignal;
declare const pool: { readonly used: number; readonly size: number };
declare const bestSellers: readonly string[];
declare const request: { readonly signal: AbortSignal };

declare function charge(order: Order, options?: Signalled): Promise<{ readonly id: string }>;
declare function fetchInvoice(id: string, options?: Signalled): Promise<{ readonly id: string }>;
declare function fetchQuote(symbol: string, currency: string, options?: Signalled): Promise<number>;
declare function search(query: string, options?: Signalled): Promise<readonly string[]>;
declare function ask(options?: Signalled & { readonly attempt?: number }): Promise<string>;
declare function recommend(user: User): Promise<readonly string[]>;
declare function pingDatabase(options?: Signalled): Promise<void>;
declare function send(payload: unknown, options?: Signalled): Promise<void>;
declare function isNotFound(error: unknown): boolean;

declare const db: {
  user(id: string, options?: Signalled): Promise<User>;
  rename(id: string, name: string): Promise<void>;
};
declare const log: Record<'info' | 'warn' | 'error', (...parts: readonly unknown[]) => void>;
declare const logger: typeof log;
declare const database: typeof db;
// oxlint-disable-next-line typescript/consistent-type-imports -- an import would make this file a module
declare const billingBreaker: import('@holdfast/circuit-breaker').CircuitBreaker;
declare const reply: {
  code(status: number): typeof reply;
  header(name: string, value: string | number): typeof reply;
  headers(values: Record<string, string>): typeof reply;
  type(mediaType: string): typeof reply;
  send(body?: unknown): typeof reply;
};
