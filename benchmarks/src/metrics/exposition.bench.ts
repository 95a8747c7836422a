// What does a scrape of 1000 series cost?
import { Metrics } from '@holdfast/metrics';
import { exposeTo, renderText } from '@holdfast/metrics/prometheus';
import { Counter, Registry } from 'prom-client';

import { baseline, ours, peer, question } from '../harness/question.ts';

const series = 1_000;
const options = { name: 'events_total', help: 'Events' };

export default question({
  answer: series,
  cases: () => {
    const metrics = new Metrics();
    const ourCounter = metrics.counter(options.name, { ...options, labels: ['id'] });
    const bridged = new Registry();
    exposeTo(bridged, metrics);
    const registry = new Registry();
    const theirCounter = new Counter({ ...options, labelNames: ['id'], registers: [registry] });
    const values = new Map<string, number>();
    for (let id = 0; id < series; id += 1) {
      ourCounter.with({ id: String(id) }).add(id);
      theirCounter.inc({ id: String(id) }, id);
      values.set(`events_total{id="${id}"}`, id);
    }
    return [
      baseline('finished label texts, joined', () => seriesIn(textOf(values))),
      ours('renderText', () => seriesIn(renderText(metrics))),
      ours('exposeTo a prom-client Registry, its metrics()', async () => seriesIn(await bridged.metrics())),
      peer('prom-client', 'metrics()', async () => seriesIn(await registry.metrics())),
    ];
  },
});

function textOf(values: ReadonlyMap<string, number>): string {
  let text = '# HELP events_total Events\n# TYPE events_total counter\n';
  for (const [name, value] of values) text += `${name} ${value}\n`;
  return text;
}

/** Counts lines of this counter; a Metrics tells of itself as well. */
function seriesIn(text: string): number {
  return text.split('\nevents_total{').length - 1;
}
