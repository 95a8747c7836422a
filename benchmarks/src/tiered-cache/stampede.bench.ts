// How often is a key loaded that 250 callers in each of 4 processes ask for at once, and when have all of them their answer?
import { type Child, startChild, startRedis } from '@holdfast/test-support';

import { type Lines, study } from '../harness/question.ts';
import { peerLabel, quantile } from '../harness/result.ts';
import { libraries } from './stampede/caches.ts';

const processes = 4;
const callers = 250;
const loadMs = 50;
const rounds = { thorough: 25, smoke: 1 } as const;
const ours = '@holdfast/tiered-cache';

const columns: Lines['columns'] = [
  { title: 'cache', align: 'left' },
  { title: 'loads of a cold key', align: 'right' },
  { title: 'least and most', align: 'right' },
  { title: 'all answered after, in loads', align: 'right' },
];

interface Answer {
  readonly key: string;
  readonly loads: number;
  readonly right: boolean;
}

interface Outcome {
  readonly loads: number;
  readonly tookMs: number;
}

export default study(async (effort) => {
  await using redis = await startRedis();
  await using group = await Group.start(redis.url);
  const names = Object.keys(libraries);
  const outcomes = new Map<string, Outcome[]>(names.map((name) => [name, []]));
  for (const name of names) await group.ask(name, 'to be connected and compiled');
  for (let round = 0; round < rounds[effort]; round += 1)
    for (const name of names) outcomes.get(name)?.push(await group.ask(name, `cold ${round}`));
  return { columns, lines: names.map((name) => lineOf(name, outcomes.get(name) ?? [])) };
});

function lineOf(name: string, outcomes: readonly Outcome[]): readonly string[] {
  const loads = outcomes.map((outcome) => outcome.loads);
  const waited = outcomes.map(({ tookMs }) => tookMs / loadMs);
  return [
    name === ours ? 'TieredCache.get' : peerLabel(name, ''),
    String(quantile(loads, 0.5)),
    `${Math.min(...loads)}…${Math.max(...loads)}`,
    `${quantile(waited, 0.5).toFixed(2)} ×`,
  ];
}

/** The processes, and who waits for an answer of theirs. */
class Group implements AsyncDisposable {
  readonly #children: readonly Child[];
  #answers: Answer[] = [];
  #onAnswer: () => void = () => undefined;

  private constructor(children: readonly Child[]) {
    this.#children = children;
    for (const child of children)
      child.onMessage((answer) => {
        this.#answers.push(answer as Answer);
        this.#onAnswer();
      });
  }

  static async start(url: string): Promise<Group> {
    const script = new URL('stampede/process.ts', import.meta.url);
    const parameters = [url, String(callers), String(loadMs)];
    const children = Array.from({ length: processes }, () => startChild(script, parameters));
    await Promise.all(children.map((child) => child.said('ready')));
    return new Group(children);
  }

  /** Has the callers of all processes ask for a key at once. */
  async ask(library: string, key: string): Promise<Outcome> {
    this.#answers = [];
    const answered = new Promise<void>((resolve) => {
      this.#onAnswer = () => this.#answers.length === processes && resolve();
    });
    const startedAt = performance.now();
    for (const child of this.#children) child.send({ library, key });
    await answered;
    const tookMs = performance.now() - startedAt;
    if (!this.#answers.every(({ right }) => right)) throw new Error(`${library} gave something else`);
    return { loads: this.#answers.reduce((sum, { loads }) => sum + loads, 0), tookMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child[Symbol.asyncDispose]()));
  }
}
