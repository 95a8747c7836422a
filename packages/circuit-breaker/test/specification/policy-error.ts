import { HoldfastError } from '@holdfast/core';

/** What another policy of the family throws, without depending on it. */
export class PolicyError extends HoldfastError {
  override readonly name = 'PolicyError';
  readonly code: `ERR_${string}`;

  constructor(code: `ERR_${string}`) {
    super(`refused with ${code}`);
    this.code = code;
  }
}
