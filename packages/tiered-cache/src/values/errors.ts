import { HoldfastError } from '@holdfast/core';

/** A value holds something that would not come back as it is. Seen as the `cause` of an `EncodeError`. */
export class UnsupportedValueError extends HoldfastError {
  override readonly name = 'UnsupportedValueError';
  readonly code = 'ERR_CACHE_UNSUPPORTED_VALUE';
  /** Where it is, as one would write it in code: `value.orders[3].total`. */
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path} ${problem}`);
    this.path = path;
  }
}

/** A value takes more bytes than `maxValueBytes`. Seen as the `cause` of an `EncodeError`. */
export class ValueTooLargeError extends HoldfastError {
  override readonly name = 'ValueTooLargeError';
  readonly code = 'ERR_CACHE_VALUE_TOO_LARGE';
  /** What the codec made of the value, before compression. */
  readonly valueBytes: number;
  readonly maxValueBytes: number;

  constructor(valueBytes: number, maxValueBytes: number) {
    super(`the value takes ${valueBytes} bytes, more than the ${maxValueBytes} of maxValueBytes`);
    this.valueBytes = valueBytes;
    this.maxValueBytes = maxValueBytes;
  }
}

/**
 * Why a payload was not turned into a value:
 * - `'damaged'`: cut off, changed on the way, or never ours;
 * - `'unknown'`: by a codec, compression or layout that this process does not have, as another version may write it;
 * - `'protection'`: not protected, or not in the way that this process demands, or by a key that it does not have;
 * - `'forged'`: the protection does not fit: changed, or moved here from another key or namespace;
 * - `'too-large'`: more bytes than `maxValueBytes`;
 * - `'schema'`: of another schema version, or not valid by now.
 */
export type RefusalReason = 'damaged' | 'unknown' | 'protection' | 'forged' | 'too-large' | 'schema';

/** What a tier holds makes no value that may be given out. Seen in events; for a reader it is a miss. */
export class RefusedPayloadError extends HoldfastError {
  override readonly name = 'RefusedPayloadError';
  readonly code = 'ERR_CACHE_REFUSED_PAYLOAD';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, problem: string, cause?: unknown) {
    super(`a cached payload ${problem}`, { cause });
    this.reason = reason;
  }
}
