import { asFields, type Fields } from './shapes.ts';
import type { StandIn } from './stand-in.ts';

/** What matters of an error although it is not enumerable. */
const hidden: readonly string[] = ['name', 'message', 'cause'];

const plainErrors = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, Error];

/** Errors by class: what is enumerable and what is {@link hidden}, without the stack, which tells of another process. */
export const errorStandIns: ReadonlyMap<string, StandIn<Error>> = new Map([
  ['AggregateError', standInFor(() => new AggregateError([]), [...hidden, 'errors'])],
  ...plainErrors.map((type) => [type.name, standInFor(() => new type(), hidden)] as const),
]);

/** Where in {@link errorStandIns} an error belongs: its own class, or the nearest that it extends. */
export function errorClass(error: Error): string {
  let prototype: unknown = Object.getPrototypeOf(error);
  while (prototype !== null) {
    const { name = '' } = Object((prototype as object).constructor) as { name?: string };
    if (errorStandIns.has(name)) return name;
    prototype = Object.getPrototypeOf(prototype);
  }
  return 'Error';
}

function standInFor(blank: () => Error, kept: readonly string[]): StandIn<Error> {
  return {
    of(error) {
      const { stack: _stack, ...fields }: Fields = Object.fromEntries(Object.entries(error));
      for (const key of kept) if (key in error) fields[key] = (error as unknown as Fields)[key];
      // An error that was given no message has none of its own, but an empty one from its prototype.
      if (!Object.hasOwn(error, 'message') && error.message === '') delete fields['message'];
      return fields;
    },

    restore(standIn) {
      const fields = asFields(standIn);
      const error = blank();
      for (const key of Object.keys(fields)) {
        const isInherited = key === 'name' && fields[key] === error.name;
        if (!isInherited) own(error, key, { value: fields[key], enumerable: !kept.includes(key) });
      }
      error.stack = `${error.name}: ${error.message}`;
      return error;
    },
  };
}

/** Unlike an assignment, it makes a property of the error's own whatever its name. */
function own(error: Error, key: string, property: PropertyDescriptor): void {
  Object.defineProperty(error, key, { ...property, writable: true, configurable: true });
}
