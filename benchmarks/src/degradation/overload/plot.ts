import { targetMs } from './summary.ts';
import type { Second } from './timeline.ts';

const [width, left, right] = [900, 70, 20];
const panelHeight = 170;
const tops = [40, 270, 460];
const colours = { without: '#c0392b', with: '#1f6f8b', refused: '#b9770e', score: '#7d7d7d' };

interface Timelines {
  readonly without: readonly Second[];
  readonly with: readonly Second[];
}

/** Latency of the critical calls in both runs, and what the degradation did meanwhile, one above the other. */
export function plot(timelines: Timelines): string {
  const seconds = Math.max(timelines.with.length, timelines.without.length);
  const x = (second: number): number => left + ((width - left - right) * second) / seconds;
  const line = (values: readonly number[], colour: string, y: (value: number) => number): string =>
    `<polyline fill="none" stroke="${colour}" stroke-width="1.8" points="${values
      .map((value, second) => `${x(second + 0.5).toFixed(1)},${y(value).toFixed(1)}`)
      .join(' ')}"/>`;
  const [latencyTop = 0, featureTop = 0, scoreTop = 0] = tops;
  const latency = logarithmic(latencyTop, [1, 100_000]);
  const features = linear(featureTop, 4);
  const share = linear(scoreTop, 1.2);
  const body = [
    panel(latencyTop, 'p99 of the critical calls, ms (logarithmic)', [1, 10, 100, 1_000, 10_000], latency),
    `<line x1="${left}" x2="${width - right}" y1="${latency(targetMs)}" y2="${latency(targetMs)}" stroke="#333" stroke-dasharray="5 4"/>`,
    text(width - right - 4, latency(targetMs) - 5, `target ${targetMs} ms`, 'end'),
    line(timelines.without.map(criticalP99), colours.without, latency),
    line(timelines.with.map(criticalP99), colours.with, latency),
    text(width - right - 4, latencyTop + 50, 'without degradation', 'end', colours.without),
    text(width - right - 4, latencyTop + 68, 'with degradation', 'end', colours.with),
    panel(featureTop, 'features on, with degradation', [0, 1, 2, 3, 4], features),
    line(
      timelines.with.map(({ featuresOn }) => featuresOn),
      colours.with,
      features,
    ),
    panel(scoreTop, 'score, and share of the other calls refused', [0, 0.4, 0.8, 1.2], share),
    line(
      timelines.with.map(({ score }) => score),
      colours.score,
      share,
    ),
    line(
      timelines.with.map(({ refusedRatio }) => refusedRatio),
      colours.refused,
      share,
    ),
    text(width - right - 4, scoreTop + 16, 'score', 'end', colours.score),
    text(width - right - 4, scoreTop + 34, 'refused', 'end', colours.refused),
    ...Array.from({ length: Math.floor(seconds / 10) + 1 }, (_, tick) =>
      text(x(tick * 10), scoreTop + panelHeight + 18, `${tick * 10} s`, 'middle'),
    ),
  ];
  const height = scoreTop + panelHeight + 34;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>\n${body.join('\n')}\n</svg>\n`;
}

function criticalP99({ criticalP99Ms }: Second): number {
  return criticalP99Ms;
}

type Scale = (value: number) => number;

function linear(top: number, highest: number): Scale {
  return (value) => top + panelHeight * (1 - Math.min(value, highest) / highest);
}

function logarithmic(top: number, [lowest, highest]: readonly [number, number]): Scale {
  const place = (value: number): number =>
    Math.log(Math.max(value, lowest) / lowest) / Math.log(highest / lowest);
  return (value) => top + panelHeight * (1 - place(value));
}

function panel(top: number, title: string, ticks: readonly number[], y: Scale): string {
  const lines = ticks.map(
    (tick) =>
      `<line x1="${left}" x2="${width - right}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" stroke="#ddd"/>${text(left - 8, y(tick) + 4, String(tick), 'end')}`,
  );
  return [text(left, top - 12, title, 'start'), ...lines].join('\n');
}

function text(x: number, y: number, content: string, anchor: string, colour = '#333'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${colour}">${content}</text>`;
}
