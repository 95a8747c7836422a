import type { Clock } from '@holdfast/core';

import type { Incoming } from './incoming.ts';
import { Recent } from './recent.ts';
import type { StoredResponse } from './stored-response.ts';
import { digest, selectingValue } from './subject.ts';

/** Resources whose variants are counted; of others less is known, and more may be stored. */
const maxResources = 1_000;

/** How long a variant has to be unused before it may be dropped for another one, in milliseconds. */
const idleMs = 10_000;

/** How far a response may send the search for another one. */
export const maxVariantSteps = 4;

export interface VariantsOptions {
  /** How many may be stored beside the first. */
  readonly maxVariants: number;
  readonly clock: Clock;
  drop(key: string): void;
}

/**
 * Where the variants of a resource are, beside the first one that its own key holds.
 *
 * Invariants, for each of the last 1,000 resources with variants in this process:
 * - no more than `maxVariants` keys are in use at a time;
 * - one that is used every 10 s is never dropped for others, however many different requests come.
 */
export class Variants {
  readonly #resources = new Recent<Recent<number>>(maxResources);
  readonly #options: VariantsOptions;

  constructor(options: VariantsOptions) {
    this.#options = options;
  }

  /**
   * The key of the variant for a request that `response`, found under `key`, does not fit; `undefined` if there is no
   * room for it.
   */
  keyOf<R>(
    resource: string,
    key: string,
    response: StoredResponse,
    incoming: Incoming<R>,
  ): string | undefined {
    const { maxVariants, clock } = this.#options;
    if (maxVariants === 0) return undefined;
    const variant = digest([key, response.vary, selectionOf(response.vary, incoming)]);
    const variants = this.#resources.get(resource) ?? new Recent<number>(maxVariants);
    this.#resources.use(resource, variants);
    if (!this.#makeRoom(variants, variant)) return undefined;
    variants.use(variant, clock.now());
    return variant;
  }

  #makeRoom(variants: Recent<number>, variant: string): boolean {
    if (!variants.full || variants.get(variant) !== undefined) return true;
    const [key, usedAt] = variants.oldest ?? ['', 0];
    if (this.#options.clock.now() - usedAt < idleMs) return false;
    this.#options.drop(key);
    return true;
  }
}

/** Whether a response that varies is for requests like this one. */
export function fits<R>(response: StoredResponse, incoming: Incoming<R>): boolean {
  return response.vary.length === 0 || response.selection === selectionOf(response.vary, incoming);
}

/** The request headers that select a response. Hashed, for they may be credentials. */
export function selectionOf<R>(fields: readonly string[], incoming: Incoming<R>): string {
  return fields.length === 0 ? '' : digest(fields.map((field) => selectingValue(field, incoming)));
}
