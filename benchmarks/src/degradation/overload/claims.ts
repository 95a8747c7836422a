import type { Run } from './run.ts';
import { overload, shareInTime, targetMs } from './summary.ts';

/** What has to hold for the experiment to have succeeded. */
export interface Claim {
  readonly text: string;
  readonly holds: boolean;
}

/** With 99 % of them in time, the 99th percentile of the critical calls is below the target. */
const wantedRatio = 0.99;

export function claims(runs: Readonly<Record<'without' | 'with', Run>>): readonly Claim[] {
  const order = (what: string): string =>
    [
      ...new Set(runs.with.features.filter((each) => each.what === what).map(({ feature }) => feature)),
    ].join();
  const off = order('feature-disabled').split(',');
  return [
    {
      text: `with degradation ${inTime(runs.with)} of the critical calls are answered in time, wanted ${wantedRatio}`,
      holds: inTime(runs.with) >= wantedRatio,
    },
    {
      text: `without degradation ${inTime(runs.without)} of the critical calls are answered in time: no overload`,
      holds: inTime(runs.without) < wantedRatio,
    },
    {
      text: `features went off as ${off.join()} and came back as ${order('feature-restored')}`,
      holds: off.length === 4 && order('feature-restored') === off.toReversed().join(),
    },
    {
      text: `${runs.with.states.at(-1)?.featuresOn} features are on at the end`,
      holds: runs.with.states.at(-1)?.featuresOn === 4,
    },
  ];
}

function inTime(run: Run): number {
  return shareInTime(overload(run), 'critical', targetMs);
}
