import {
  Degradation,
  type DegradationOptions,
  eventLoopDelay,
  eventLoopUtilization,
  ratio,
} from '@holdfast/degradation';
import type { Feature } from './features.ts';
import type { Guard } from './policies.ts';

/** How quickly it reacts. A demonstration of a minute cannot wait for what suits a day. */
export type Tempo = Pick<DegradationOptions, 'levels' | 'smoothing' | 'recovery'>;

/**
 * Measures the load by how late the event loop is, how busy it is, and how full the database's queue is. Ranking by meaning goes
 * first, because search and suggestions do without it; then suggestions. Search and predictions stay.
 */
export const createDegradation = ({ bulkhead }: Guard, tempo: Tempo = {}): Degradation<Feature> =>
  new Degradation({
    ...tempo,
    name: 'recall',
    signals: [
      eventLoopDelay(),
      eventLoopUtilization(),
      ratio('database', () => {
        const { running, queued, limit, queueLimit } = bulkhead.statistics();
        return (running + queued) / (limit + queueLimit);
      }),
    ],
    features: [
      { name: 'semantic-ranking', criticality: 'sheddable', disableAt: 0.8 },
      { name: 'suggestions', criticality: 'degradable', disableAt: 0.85 },
    ],
  });
