/** A token is told from a string by this wrapper, because `foo` and `"foo"` differ in a field. */
export interface Token {
  readonly token: string;
}

/** A bare item of RFC 9651: integers and decimals are numbers; a date is its number of seconds. */
export type BareItem = number | string | boolean | Token | Uint8Array;

export interface Item {
  readonly value: BareItem;
  readonly parameters: ReadonlyMap<string, BareItem>;
}

const printable = /^[ -~]*$/;
const escaped = /["\\]/;
/** A number, a string, a token, a byte sequence, a boolean, a date or a display string, in this order. */
const bareItem =
  /(?<number>-?\d{1,15}(?:\.\d{1,3})?)(?![\d.])|"(?<string>(?:[ !#-[\]-~]|\\["\\])*)"|(?<token>[A-Za-z*][\w!#$%&'*+.^`|~:/-]*)|:(?<bytes>[A-Za-z0-9+/]*={0,2}):|\?(?<boolean>[01])|@(?<date>-?\d{1,15})|%"(?<display>(?:[ !#$&-~]|%[0-9a-f]{2})*)"/y;
const parameterName = /;[ ]*([a-z*][a-z0-9_.*-]*)(=)?/y;
const comma = /[ \t]*,[ \t]*/y;

/** A string in its canonical form. @throws {TypeError} unless it is printable ASCII. */
export function writeString(value: string): string {
  if (!printable.test(value)) throw new TypeError(`a header field cannot hold ${JSON.stringify(value)}`);
  return escaped.test(value) ? `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"` : `"${value}"`;
}

/** A byte sequence in its canonical form. */
export function writeBytes(value: Uint8Array): string {
  return `:${btoa(String.fromCharCode(...value))}:`;
}

/** The members of a list of items, or `undefined` if the field is malformed as a whole, as RFC 9651 wants it. */
export function parseItems(field: string): Item[] | undefined {
  const reader = new Reader(field.trim());
  const items: Item[] = [];
  if (reader.atEnd()) return items;
  for (;;) {
    const item = readItem(reader);
    if (item === undefined) return undefined;
    items.push(item);
    if (reader.atEnd()) return items;
    if (reader.read(comma) === undefined || reader.atEnd()) return undefined;
  }
}

/** Goes through a text by patterns that match only where it stands. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  read(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text) ?? undefined;
    this.#at += match?.[0].length ?? 0;
    return match;
  }
}

function readItem(reader: Reader): Item | undefined {
  const value = readBareItem(reader);
  if (value === undefined) return undefined;
  const parameters = new Map<string, BareItem>();
  for (let match = reader.read(parameterName); match !== undefined; match = reader.read(parameterName)) {
    const parameter = match[2] === undefined ? true : readBareItem(reader);
    if (parameter === undefined) return undefined;
    parameters.set(match[1] as string, parameter);
  }
  return { value, parameters };
}

function readBareItem(reader: Reader): BareItem | undefined {
  const { number, string, token, bytes, boolean, date, display } = reader.read(bareItem)?.groups ?? {};
  if (number !== undefined) return Number(number);
  if (string !== undefined) return string.replaceAll(/\\(.)/g, '$1');
  if (token !== undefined) return { token };
  if (bytes !== undefined) return decodeBytes(bytes);
  if (boolean !== undefined) return boolean === '1';
  if (date !== undefined) return Number(date);
  return display;
}

function decodeBytes(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
  } catch {
    return undefined;
  }
}
