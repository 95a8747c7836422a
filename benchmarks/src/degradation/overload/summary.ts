import type { Lines } from '../../harness/question.ts';
import { quantile } from '../../harness/result.ts';
import type { Call, Criticality } from './load.ts';
import type { Run } from './run.ts';

/** What callers of the critical part can wait for. */
export const targetMs = 250;
/** How long the degradation may take to react; its calls are a line of their own. */
const reactionMs = 4_000;
const classes: readonly Criticality[] = ['critical', 'normal', 'sheddable'];

export const columns: Lines['columns'] = [
  { title: 'degradation', align: 'left' },
  { title: 'calls', align: 'left' },
  { title: 'sent', align: 'right' },
  { title: `answered within ${targetMs} ms`, align: 'right' },
  { title: 'refused', align: 'right' },
  { title: 'given up after 10 s', align: 'right' },
  { title: 'p50', align: 'right' },
  { title: 'p99', align: 'right' },
];

/** A part of a run. */
type Calls = readonly Call[];

/** The calls of the overload from when the degradation has reacted. */
export function overload({ calls, overloadFromMs, overloadToMs }: Run): Calls {
  return calls.filter(({ dueMs }) => dueMs >= overloadFromMs + reactionMs && dueMs < overloadToMs);
}

/** Share of the calls of a class that got an answer in time; what was refused or given up did not. */
export function shareInTime(calls: Calls, criticality: Criticality, withinMs: number): number {
  const own = calls.filter((call) => call.criticality === criticality);
  const inTime = own.filter(({ outcome, latencyMs }) => outcome === 'answered' && latencyMs <= withinMs);
  return inTime.length / own.length;
}

export function linesOf(runs: Readonly<Record<'without' | 'with', Run>>): readonly (readonly string[])[] {
  return (['without', 'with'] as const).flatMap((mode) => {
    const run = runs[mode];
    const first = run.calls.filter(
      ({ dueMs }) => dueMs >= run.overloadFromMs && dueMs < run.overloadFromMs + reactionMs,
    );
    const after = classes.map((each) => lineOf(mode, each, overload(run), ', after that'));
    return [lineOf(mode, 'critical', first, `, first ${reactionMs / 1_000} s`)].concat(after);
  });
}

function lineOf(mode: string, criticality: Criticality, calls: Calls, when: string): readonly string[] {
  const own = calls.filter((call) => call.criticality === criticality);
  const answered = own.filter(({ outcome }) => outcome === 'answered').map(({ latencyMs }) => latencyMs);
  const shareOf = (outcome: Call['outcome']): number =>
    own.filter((call) => call.outcome === outcome).length / own.length;
  return [
    mode,
    `${criticality}${when}`,
    String(own.length),
    percent(shareInTime(own, criticality, targetMs)),
    percent(shareOf('refused')),
    percent(shareOf('failed')),
    milliseconds(quantile(answered, 0.5)),
    milliseconds(quantile(answered, 0.99)),
  ];
}

function percent(share: number): string {
  return Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`;
}

function milliseconds(value: number): string {
  return Number.isNaN(value) ? '–' : `${value.toFixed(0)} ms`;
}
