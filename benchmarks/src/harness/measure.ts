import { isDeepStrictEqual } from 'node:util';

import { do_not_optimize as consume, measure as measureByMitata } from 'mitata';

import type { Case, Question } from './question.ts';

export interface Effort {
  readonly rounds: number;
  /** Time per case and round, in milliseconds of the question's clock. */
  readonly sampleMs: number;
  /** CPU time per case, in milliseconds, so that neither a busy machine nor a slow server cuts it short. */
  readonly warmUpMs: number;
}

export const thorough: Effort = { rounds: 15, sampleMs: 30, warmUpMs: 200 };
/** Proves that everything runs. Its numbers mean nothing. */
export const smoke: Effort = { rounds: 1, sampleMs: 1, warmUpMs: 0 };

export interface Reading {
  readonly case: Case;
  /** Nanoseconds per call of each round, on the question's clock. */
  readonly rounds: readonly number[];
  /** CPU nanoseconds per call of each round. */
  readonly cpuRounds: readonly number[];
}

/** Batches are this long at least: long enough for a clock that counts in microseconds. */
const batchMs = 2;

/**
 * Measures the cases side by side. In each round every case has a turn, so that a machine which speeds up or slows
 * down does so for all of them; ratios are taken within a round.
 */
export async function measureAll(
  { clock = 'cpu', answer, callsPerRun = 1, patience = 1 }: Question,
  cases: readonly Case[],
  effort: Effort,
): Promise<readonly Reading[]> {
  const { rounds } = effort;
  const [sampleMs, warmUpMs] = [effort.sampleMs * patience, effort.warmUpMs * patience];
  const subjects: Subject[] = [];
  for (const each of cases) subjects.push(await prepare(each, answer, clock, warmUpMs));
  // Once: with no object of a class alive, a full collection drops the class's shape and all code compiled for it, so that a
  // collection before each sample would have the compiler measured.
  globalThis.gc?.();
  for (const subject of subjects) await warmUp(subject.loop, clock, warmUpMs);
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of rotated(subjects, round)) {
      const { time, cpu } = await sample(subject, clock, sampleMs);
      subject.rounds.push(time / callsPerRun);
      subject.cpuRounds.push(cpu / callsPerRun);
    }
  }
  return subjects;
}

interface Subject extends Reading {
  readonly loop: Loop;
  /** How many runs fill a batch. */
  readonly batch: number;
  readonly rounds: number[];
  readonly cpuRounds: number[];
}

type Loop = (runs: number) => unknown;
type QuestionClock = NonNullable<Question['clock']>;

async function prepare(
  each: Case,
  answer: unknown,
  clock: QuestionClock,
  warmUpMs: number,
): Promise<Subject> {
  const got = each.run();
  const settled = await got;
  if (!isDeepStrictEqual(settled, answer))
    throw new Error(`${each.label} gave ${JSON.stringify(settled)} instead of ${JSON.stringify(answer)}`);
  const loop = loopOf(each, isPromiseLike(got));
  return { case: each, loop, batch: await warmUp(loop, clock, warmUpMs), rounds: [], cpuRounds: [] };
}

/**
 * A loop of the case's own. Cases that shared one would teach it each other's calls, and a loop made anew for each
 * sample would run most of it before it is optimised: both add the same to every case and so flatter the slow ones.
 */
function loopOf({ label, run }: Case, awaits: boolean): Loop {
  const body = `for (let run = 0; run < runs; run += 1) consume(${awaits ? 'await ' : ''}subject());`;
  const source = `return ${awaits ? 'async ' : ''}(runs) => { ${body} } // ${label}`;
  // oxlint-disable-next-line typescript/no-implied-eval -- see above
  return new Function('subject', 'consume', source)(run, consume) as Loop;
}

/**
 * Runs a case until it is optimised, which takes CPU time however long a server lets it wait, and finds out how many runs take
 * as long as a batch.
 */
async function warmUp(loop: Loop, clock: QuestionClock, warmUpMs: number): Promise<number> {
  const startedAt = cpuMilliseconds();
  const now = clock === 'cpu' ? cpuMilliseconds : (): number => performance.now();
  let runs = 1;
  for (;;) {
    const batchStartedAt = now();
    await loop(runs);
    const tookMs = now() - batchStartedAt;
    if (cpuMilliseconds() - startedAt >= warmUpMs && (tookMs >= batchMs || warmUpMs === 0))
      return Math.ceil((runs * batchMs) / Math.max(tookMs, batchMs));
    if (tookMs < batchMs) runs *= 2;
  }
}

/** Mean nanoseconds per run: the mean, because a median would leave the garbage collector's work unpaid. */
async function sample(
  { loop, batch }: Subject,
  clock: QuestionClock,
  sampleMs: number,
): Promise<{ readonly time: number; readonly cpu: number }> {
  const cpuAtStart = cpuNanoseconds();
  const { avg, ticks } = await measureByMitata(() => loop(batch), {
    ...(clock === 'cpu' && { now: cpuNanoseconds }),
    gc: false,
    min_cpu_time: sampleMs * 1e6,
    min_samples: 1,
    samples_threshold: Number.POSITIVE_INFINITY,
    // Batches are ours: see loopOf.
    warmup_threshold: -1,
  });
  // Mitata ran one batch more, before it measured.
  const cpu = (cpuNanoseconds() - cpuAtStart) / (ticks + 1);
  return { time: avg / batch, cpu: cpu / batch };
}

/** CPU time of the whole process, with the threads of the garbage collector. */
function cpuNanoseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
}

function cpuMilliseconds(): number {
  return cpuNanoseconds() / 1e6;
}

function isPromiseLike(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function rotated<T>(all: readonly T[], by: number): readonly T[] {
  const first = by % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
