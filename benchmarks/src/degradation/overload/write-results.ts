import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { section } from '../../harness/table.ts';
import { plot } from './plot.ts';
import type { Run } from './run.ts';
import { columns, targetMs } from './summary.ts';
import { perSecond } from './timeline.ts';

const folder = fileURLToPath(new URL('../../../results/', import.meta.url));
const name = 'degradation-overload';

export interface Results {
  /** Machine and load at the start. */
  readonly measuredOn: string;
  /** Calls per second that the service can answer. */
  readonly capacity: number;
  readonly runs: Readonly<Record<'without' | 'with', Run>>;
  readonly lines: readonly (readonly string[])[];
}

/** Keeps what was measured: a table, a plot, and the numbers that the plot is drawn from. */
export function writeResults({ measuredOn, capacity, runs, lines }: Results): void {
  const timelines = { without: perSecond(runs.without), with: perSecond(runs.with) };
  const features = runs.with.features.map(({ atMs, feature, what }) => ({
    atSeconds: Number((atMs / 1_000).toFixed(1)),
    feature,
    what,
  }));
  writeFileSync(`${folder}${name}.svg`, plot(timelines));
  const numbers = { measuredOn, callsPerSecond: Math.round(capacity), targetMs, timelines, features };
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify(numbers)}\n`);
  const title = `An HTTP service that answers ${capacity.toFixed(0)} calls a second gets three times as many. Its event loop is its only resource.`;
  writeFileSync(
    `${folder}${name}.md`,
    `# Overload\n\n${measuredOn}\n\n${section('degradation/overload', title, { columns, lines })}\n${historyOf(features)}\n![Latency and features over time](${name}.svg)\n`,
  );
}

/** When features went off and came back, in the run with degradation. */
function historyOf(
  features: readonly { readonly atSeconds: number; readonly feature: string; readonly what: string }[],
): string {
  const told = features.filter(({ what }) => what !== 'feature-probing');
  return told
    .map(({ atSeconds, feature, what }) => `- ${atSeconds} s: ${feature} ${what.replace('feature-', '')}\n`)
    .join('');
}
