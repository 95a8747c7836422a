import { EventHub } from '@holdfast/core';

import type { JobEvent } from './events.ts';
import type { JobCounts, JobStatistics } from './job-queue.ts';
import type { JobRecord } from './job-record.ts';

type EventType = JobEvent['type'];

/** Counts what happens to jobs and tells whoever listens. */
export class Journal {
  readonly hub: EventHub<JobEvent> = new EventHub<JobEvent>();
  deduplicated = 0;
  leasesLost = 0;
  readonly #queue: string;
  readonly #counts: Record<EventType, number> = {
    enqueued: 0,
    claimed: 0,
    completed: 0,
    retried: 0,
    died: 0,
    cancelled: 0,
    'cancel-requested': 0,
    stalled: 0,
    released: 0,
    redriven: 0,
  };

  constructor(queue: string) {
    this.#queue = queue;
  }

  note(type: EventType, { id, type: jobType, attempts, runAt, failure }: JobRecord): void {
    this.#counts[type] += 1;
    if (!this.hub.observed) return;
    this.hub.emit({ type, queue: this.#queue, id, jobType, attempts, runAt, failure } as JobEvent);
  }

  /** How a failed or stalled attempt ended. */
  noteEnd(state: 'waiting' | 'dead' | 'cancelled', record: JobRecord): void {
    this.note(state === 'waiting' ? 'retried' : state === 'dead' ? 'died' : 'cancelled', record);
  }

  noteStall(
    { state, failed }: { state: 'waiting' | 'dead' | 'cancelled'; failed: boolean },
    record: JobRecord,
  ): void {
    this.note('stalled', record);
    if (failed || state === 'cancelled') this.noteEnd(state, record);
  }

  statistics(
    { waiting, delayed, active, dead }: Omit<JobCounts, 'completed' | 'cancelled'>,
    oldestWaitingMs: number,
  ): JobStatistics {
    const { 'cancel-requested': _, retried, died, ...counts } = this.#counts;
    return {
      component: 'jobs',
      waiting,
      delayed,
      active,
      dead,
      oldestWaitingMs,
      ...counts,
      retried,
      died,
      failed: retried + died,
      deduplicated: this.deduplicated,
      leasesLost: this.leasesLost,
    };
  }
}
