// What does it cost to count one event?
import { Metrics } from '@holdfast/metrics';
import { Counter, Registry } from 'prom-client';

import { baseline, ours, peer, question } from '../harness/question.ts';

export default question({
  answer: undefined,
  cases: () => {
    const bare = { value: 0 };
    const ourCounter = new Metrics().counter('events_total', { help: 'Events' });
    const theirCounter = new Counter({ name: 'events_total', help: 'Events', registers: [new Registry()] });
    return [
      baseline('field of an object', () => void (bare.value += 1)),
      ours('Counter', () => ourCounter.add()),
      peer('prom-client', '', () => {
        theirCounter.inc();
      }),
    ];
  },
});
