import { errorStandIns } from './error-stand-ins.ts';
import { asArray, asFields, asNumber, asString, type Fields, isIndex, misshapen } from './shapes.ts';
import type { StandIn } from './stand-in.ts';

interface StandIns {
  readonly undefined: StandIn<undefined>;
  readonly number: StandIn<number>;
  readonly bigint: StandIn<bigint>;
  readonly Date: StandIn<Date>;
  readonly RegExp: StandIn<RegExp>;
  readonly URL: StandIn<URL>;
  readonly Map: StandIn<ReadonlyMap<unknown, unknown>>;
  readonly Set: StandIn<ReadonlySet<unknown>>;
  readonly Array: StandIn<unknown[]>;
}

/** Types by the names that are written. A name never gets a second meaning: entries outlive versions of this package. */
export const standIns: StandIns = {
  undefined: { of: () => null, restore: () => undefined },

  /** A number that JSON has no text for. */
  number: {
    of: (number) => (Object.is(number, -0) ? '-0' : String(number)),
    restore: (text) => Number(asString(text)),
  },

  bigint: { of: String, restore: (text) => BigInt(asString(text)) },

  Date: {
    of: (date) => (Number.isNaN(date.getTime()) ? null : date.getTime()),
    restore: (time) => new Date(time === null ? Number.NaN : asNumber(time)),
  },

  RegExp: {
    of: ({ source, flags }) => [source, flags],
    restore(parts) {
      const [source, flags] = asArray(parts);
      return new RegExp(asString(source), asString(flags));
    },
  },

  URL: { of: ({ href }) => href, restore: (href) => new URL(asString(href)) },

  /** Keys and values in turn. */
  Map: { of: (map) => [...map].flat(), restore: (parts) => mapOf(asArray(parts)) },

  Set: { of: (set) => [...set], restore: (items) => new Set(asArray(items)) },

  /** An array with holes: its length, and what is there by index. */
  Array: { of: sparseFields, restore: (fields) => sparseArray(asFields(fields)) },
};

/** The stand-in that a note names; `undefined` if this version has none of that name. */
export function standInCalled(name: string): StandIn<unknown> | undefined {
  if (!Object.hasOwn(standIns, name)) return errorStandIns.get(name);
  return standIns[name as keyof StandIns];
}

function mapOf(parts: readonly unknown[]): Map<unknown, unknown> {
  if (parts.length % 2 !== 0) throw misshapen();
  const map = new Map<unknown, unknown>();
  for (let index = 0; index < parts.length; index += 2) map.set(parts[index], parts[index + 1]);
  return map;
}

function sparseFields(sparse: readonly unknown[]): Fields {
  const fields: Fields = { length: sparse.length };
  for (const key of Object.keys(sparse)) if (isIndex(key)) fields[key] = sparse[Number(key)];
  return fields;
}

function sparseArray({ length, ...items }: Fields): unknown[] {
  const sparse: unknown[] = [];
  sparse.length = asNumber(length);
  for (const key of Object.keys(items)) {
    if (!isIndex(key) || Number(key) >= sparse.length) throw misshapen();
    sparse[Number(key)] = items[key];
  }
  return sparse;
}
