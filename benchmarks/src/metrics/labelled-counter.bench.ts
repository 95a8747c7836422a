// What does it cost to count one event with three labels?
import { Metrics } from '@holdfast/metrics';
import { Counter, Registry } from 'prom-client';

import { baseline, ours, peer, question } from '../harness/question.ts';

const labels = { method: 'GET', route: '/items/:id', status: '200' };
const names = ['method', 'route', 'status'] as const;

export default question({
  answer: undefined,
  cases: () => {
    const bare = { value: 0 };
    const ourCounter = new Metrics().counter('requests_total', { help: 'Requests', labels: names });
    const ourChild = ourCounter.with(labels);
    const theirCounter = new Counter({
      name: 'requests_total',
      help: 'Requests',
      labelNames: names,
      registers: [new Registry()],
    });
    const theirChild = theirCounter.labels(labels);
    return [
      baseline('field of an object', () => void (bare.value += 1)),
      ours('Counter, labels found once', () => ourChild.add()),
      ours('Counter, labels given each time', () => ourCounter.with(labels).add()),
      peer('prom-client', 'labels found once', () => {
        theirChild.inc();
      }),
      peer('prom-client', 'labels given each time', () => {
        theirCounter.inc(labels);
      }),
    ];
  },
});
