/**
 * A name that a function of the options has given, which nobody may have checked. An empty one is none: what has no id yet
 * would otherwise be one user with everybody else who has none.
 *
 * @throws {TypeError} for anything but a string and `undefined`.
 */
export function toldName(option: string, value: unknown): string | undefined {
  if (value === undefined || value === '') return undefined;
  return typeof value === 'string' ? value : refuse(option, 'a string or undefined', value);
}

/** As for a name. @throws {TypeError} for anything but a boolean: a promise would be neither yes nor no. */
export function toldChoice(option: string, value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(option, 'a boolean', value);
}

/** As for a name. @throws {TypeError} for anything but a list and `undefined`: a text would be taken apart. */
export function toldList(option: string, value: readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : refuse(option, 'a list of strings', value);
}

function refuse(option: string, rule: string, value: unknown): never {
  // How one that is asynchronous by mistake ends is nobody's business any more.
  if (value instanceof Promise) value.catch(() => undefined);
  throw new TypeError(`${option} must give ${rule}, got ${typeof value}`);
}
