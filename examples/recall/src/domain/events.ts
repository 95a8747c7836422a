import type { Clock } from '@holdfast/core';

import type { Storage } from '../storage/contract.ts';
import { InvalidInputError } from './errors.ts';
import { checkedEvent, limits } from './limits.ts';
import type { AccessEventDraft, RecordedEvents } from './model.ts';
import type { UserId } from './user-id.ts';

/** What users open, from which predictions learn. */
export class Events {
  readonly #storage: Storage;
  readonly #clock: Pick<Clock, 'epoch'>;

  constructor(storage: Storage, clock: Pick<Clock, 'epoch'>) {
    this.#storage = storage;
    this.#clock = clock;
  }

  /**
   * Records up to 100 accesses. Sending some again changes nothing, nor does the order in which they arrive.
   *
   * @throws {InvalidInputError} when there are too many, or one is malformed; none is recorded then.
   */
  async record(user: UserId, drafts: readonly AccessEventDraft[]): Promise<RecordedEvents> {
    if (drafts.length > limits.maxEvents)
      throw new InvalidInputError('events', `at most ${limits.maxEvents}`);
    const now = this.#clock.epoch();
    return this.#storage.access.record(
      user,
      drafts.map((draft) => checkedEvent(draft, now)),
    );
  }
}
