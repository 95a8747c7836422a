// How many reads does the memory tier answer, what would the best cache answer, and what does it cost, when 1 % or 10 % of the entries fit?
import { type Lines, study } from '../harness/question.ts';
import { quantile } from '../harness/result.ts';
import { optimum, unbounded } from './hit-ratio/bounds.ts';
import { type Outcome, outcomeOf } from './hit-ratio/outcome.ts';
import { lru, policies, type Policy } from './hit-ratio/policies.ts';
import {
  bursts,
  drift,
  type Extent,
  loop,
  mixed,
  scans,
  sessions,
  type Trace,
  zipf,
} from './hit-ratio/trace.ts';

interface Load {
  readonly name: string;
  readonly trace: (seed: number, extent: Extent) => Trace;
  /** The least share of the gap that we allow ourselves to close when 10 % of the keys fit. */
  readonly target?: number;
}

const loads: readonly Load[] = [
  { name: 'Zipf', trace: zipf, target: 0.45 },
  { name: 'Zipf with scans', trace: scans, target: 0.55 },
  { name: 'drifting Zipf', trace: drift, target: 0.15 },
  { name: 'loop', trace: loop },
  { name: 'bursts', trace: bursts },
  { name: 'sessions', trace: sessions },
  { name: 'mixed', trace: mixed },
];

const extents = {
  thorough: { keys: 100_000, asks: 2_000_000 },
  smoke: { keys: 1_000, asks: 10_000 },
} as const;
/** Runs that the CPU time is taken from: those of the first seed. */
const timedRuns = { thorough: 3, smoke: 1 } as const;
const seeds = { thorough: [7, 1_234, 31_337], smoke: [7] } as const;
const columns: Lines['columns'] = [
  { title: 'load', align: 'left' },
  { title: 'fits', align: 'right' },
  { title: 'policy', align: 'left' },
  { title: 'hits', align: 'right' },
  { title: 'share of the gap from LRU to the best', align: 'right' },
  { title: 'over seeds', align: 'right' },
  { title: '× CPU of lru-cache', align: 'right' },
  { title: 'target', align: 'left' },
];

/** A trace with what became of it. */
interface Round {
  readonly outcomes: ReadonlyMap<Policy, Outcome>;
  readonly base: Outcome;
  /** Hits of the best cache there can be. */
  readonly best: number;
}

export default study(async (effort) => {
  const extent = extents[effort];
  const lines: (readonly string[])[] = [];
  for (const load of loads) {
    const traces = seeds[effort].map((seed) => load.trace(seed, extent));
    for (const ratio of [0.01, 0.1]) {
      const rounds: Round[] = [];
      for (const [index, trace] of traces.entries())
        rounds.push(await roundOf(trace, ratio * extent.keys, index === 0 ? timedRuns[effort] : 1));
      lines.push(...linesOf(load, ratio, rounds));
    }
  }
  return { columns, lines };
});

async function roundOf(trace: Trace, capacity: number, runs: number): Promise<Round> {
  const { bytes, distinct } = trace;
  const bounds =
    bytes === undefined
      ? { maxEntries: capacity, maxBytes: Number.MAX_SAFE_INTEGER }
      : { maxEntries: distinct, maxBytes: Math.round((capacity / distinct) * sum(bytes)) };
  const outcomes = new Map<Policy, Outcome>();
  for (const [index, policy] of policies.entries()) {
    if (policy.countsOnly === true && bytes !== undefined) continue;
    outcomes.set(policy, await outcomeOf({ policy: index, trace, bounds, runs }));
  }
  const base = outcomes.get(lru);
  if (base === undefined) throw new Error('nothing to compare with');
  // Where entries have sizes, nobody knows the best.
  return { outcomes, base, best: bytes === undefined ? optimum(trace, capacity) : unbounded(trace) };
}

function linesOf({ name, trace, target }: Load, ratio: number, rounds: readonly Round[]): string[][] {
  const head = [name, `${100 * ratio} %`];
  const lines = policies.flatMap((policy) => {
    const seen = rounds.flatMap(({ outcomes, base, best }) => {
      const outcome = outcomes.get(policy);
      if (outcome === undefined) return [];
      const { hits, cpu } = outcome;
      return { hits, gap: gapOf(hits, base.hits, best), cpu: cpu / base.cpu };
    });
    if (seen.length === 0) return [];
    const gaps = seen.map(({ gap }) => gap);
    const isJudged = policy.ours === true && ratio === 0.1 && target !== undefined;
    return [
      [
        ...head,
        policy.ours === true ? `**${policy.label}**` : policy.label,
        percent(seen.map(({ hits }) => hits)),
        middle(gaps).toFixed(2),
        `${Math.min(...gaps).toFixed(3)} to ${Math.max(...gaps).toFixed(3)}`,
        seen[0]?.cpu.toFixed(2) ?? '',
        isJudged ? verdict(target, gaps) : '',
      ],
    ];
  });
  const best = trace === mixed ? 'without any bound' : 'the best there can be';
  return [...lines, [...head, best, percent(rounds.map((round) => round.best)), '1.00', '', '', '']];
}

/** 0 where there is no gap. */
function gapOf(hits: number, base: number, best: number): number {
  return best - base < 0.001 ? 0 : (hits - base) / (best - base);
}

function verdict(target: number, gaps: readonly number[]): string {
  if (gaps.every((gap) => gap >= target)) return `≥ ${target}: met`;
  return gaps.some((gap) => gap >= target) ? `≥ ${target}: unclear` : `≥ ${target}: **missed**`;
}

function percent(ratios: readonly number[]): string {
  return `${(100 * middle(ratios)).toFixed(2)} %`;
}

function middle(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function sum(values: Int32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
