import { canonicalFloat, plainFloat } from './canonical-float.ts';
import type { CounterFamily, Family, GaugeFamily, HistogramFamily, Labels } from '../family.ts';

/** The content type of {@link renderText}; Prometheus 3 refuses a scrape without one. */
export const textContentType = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Everything there is in the Prometheus text format 0.0.4, for a process without a Prometheus client. Series of
 * histograms come with canonical bounds. Families without series are left out.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function renderText(metrics: { families(): readonly Family[] }): string {
  let text = '';
  for (const family of metrics.families()) {
    const series = family.type === 'histogram' ? histogram(family) : scalar(family);
    if (series === '') continue;
    text += `# HELP ${family.name} ${escaped(family.help)}\n# TYPE ${family.name} ${family.type}\n${series}`;
  }
  return text;
}

function scalar(family: CounterFamily | GaugeFamily): string {
  let text = '';
  for (const { labels, value } of family.collect()) {
    text += `${family.name}${braced(rendered(labels))} ${plainFloat(value)}\n`;
  }
  return text;
}

function histogram(family: HistogramFamily): string {
  const { name } = family;
  const bounds = [...family.bounds, Infinity].map((bound) => `le="${canonicalFloat(bound)}"} `);
  let text = '';
  for (const { labels, cumulative, count, sum } of family.collect()) {
    const own = rendered(labels);
    const start = `${name}_bucket{${own}${own === '' ? '' : ','}`;
    for (const [index, bound] of bounds.entries()) text += `${start}${bound}${cumulative[index] ?? count}\n`;
    text += `${name}_sum${braced(own)} ${plainFloat(sum)}\n${name}_count${braced(own)} ${count}\n`;
  }
  return text;
}

function rendered(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`)
    .join(',');
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
