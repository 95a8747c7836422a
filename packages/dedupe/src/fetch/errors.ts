import { HoldfastError } from '@holdfast/core';

/** A caller read its body so much more slowly than another caller of the same request that the rest was not held for it. */
export class BodyLagError extends HoldfastError {
  override readonly name = 'BodyLagError';
  readonly code = 'ERR_BODY_LAG';

  constructor(maxLagBytes: number) {
    super(`the body was read more than ${maxLagBytes} bytes behind another caller of the same request`);
  }
}
