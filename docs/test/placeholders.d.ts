// What the examples in the documents take for granted: the reader's own code.
type Order = { readonly id: string; readonly total: number };
type Receipt = { readonly id: string };
type User = { readonly id: string; readonly name: string };

declare function charge(order: Order, options?: { signal?: AbortSignal }): Promise<Receipt>;
declare const order: Order;
declare const id: string;
declare const db: {
  user(id: string, options?: { signal?: AbortSignal }): Promise<User>;
  rename(id: string, name: string): Promise<void>;
};
declare const name: string;
declare const log: {
  info(...parts: unknown[]): void;
  warn(...parts: unknown[]): void;
  error(...parts: unknown[]): void;
};
