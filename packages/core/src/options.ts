/** An option was refused. The message reads `<option> must be <rule>, got <value>`. */
export class InvalidOptionError extends RangeError {
  override readonly name = 'InvalidOptionError';
  readonly code = 'ERR_INVALID_OPTION';
  readonly option: string;

  constructor(option: string, rule: string, value: unknown) {
    super(`${option} must be ${rule}, got ${show(value)}`);
    this.option = option;
  }
}

/** Checks a whole number from `min` to `max`, both included. */
export function wholeNumber(
  option: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max)
    return value as number;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new InvalidOptionError(option, `a whole number ${range}`, value);
}

/** Checks a finite number of at least `min`. */
export function atLeast(option: string, value: unknown, min: number): number {
  if (Number.isFinite(value) && (value as number) >= min) return value as number;
  throw new InvalidOptionError(option, `a finite number of at least ${min}`, value);
}

/** Checks a duration in milliseconds: finite and at least `minMs`, 0 unless given. */
export function duration(option: string, value: unknown, minMs: number = 0): number {
  if (Number.isFinite(value) && (value as number) >= minMs) return value as number;
  throw new InvalidOptionError(option, `a finite number of milliseconds of at least ${minMs}`, value);
}

/** Checks a ratio from 0 to 1; `over` excludes the lower bound. */
export function ratio(option: string, value: unknown, bound: 'from' | 'over' = 'from'): number {
  if (typeof value === 'number' && value <= 1 && (bound === 'over' ? value > 0 : value >= 0)) return value;
  throw new InvalidOptionError(
    option,
    bound === 'over' ? 'a number over 0, up to 1' : 'a number from 0 to 1',
    value,
  );
}

/** Checks a string that is not empty. */
export function text(option: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new InvalidOptionError(option, 'a string that is not empty', value);
}

/** Checks that the value is one of the choices. */
export function oneOf<const Choice>(option: string, value: unknown, choices: readonly Choice[]): Choice {
  if (choices.includes(value as Choice)) return value as Choice;
  throw new InvalidOptionError(option, `one of ${choices.map(show).join(', ')}`, value);
}

/** Checks a function. */
export function callable<Callable>(option: string, value: Callable): Callable {
  if (typeof value === 'function') return value;
  throw new InvalidOptionError(option, 'a function', value);
}

/** Checks an object, such as one of options. */
export function object<Given>(option: string, value: Given): Given {
  if (typeof value === 'object' && value !== null) return value;
  throw new InvalidOptionError(option, 'an object', value);
}

/** Checks an object that has these methods: how a structural contract is told from something else. */
export function methods<Contract extends object>(
  option: string,
  value: Contract,
  ...names: (keyof Contract & string)[]
): Contract {
  const held = value as Record<string, unknown> | null | undefined;
  if (names.every((name) => typeof held?.[name] === 'function')) return value;
  const wanted = names.map((name) => `${name}()`).join(', ');
  throw new InvalidOptionError(option, `an object with ${wanted}`, value);
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
