/** One thing that may happen next. */
export interface Step {
  /** The same for the same step in every replay. */
  readonly name: string;
  /** What it reads or changes. Steps that touch nothing in common, but for reading, can change places. */
  readonly touches: readonly Touch[];
}

export interface Touch {
  readonly what: string;
  readonly changes: boolean;
}

/** Something that runs step by step and can be started anew. Once possible, a step stays possible until it is taken. */
export interface World {
  steps(): readonly Step[];
  take(step: Step): Promise<void>;
  /** Called when no step is left to take. Says what has gone wrong, if all were taken. */
  finish(isComplete: boolean): Promise<readonly string[]>;
}

export interface Exploration {
  /** Orders that were run to their end. */
  readonly schedules: number;
  /** Orders given up because they turned out to be like one that was run. */
  readonly pruned: number;
  /** What went wrong, then the names of the steps that led there; of the first such order. */
  readonly problems: readonly string[];
}

interface Choice {
  readonly enabled: readonly Step[];
  /** Whose turn it was before: what begins with one of them has been run. */
  readonly sleeping: Step[];
  /** Names of steps that have to have their turn here. */
  readonly planned: Set<string>;
  taken: Step;
  /** The choices before this one that have to come before it: they made the step possible, or touch what it touches. */
  before: Set<number>;
}

/**
 * Runs a world in every order of its steps, each from scratch. Of orders that differ only in neighbouring steps that can
 * change places one is run. Which orders there are is found from those that were run: wherever two steps of one touch the
 * same thing, the other order of these two is planned too.
 *
 * @see "Optimal Dynamic Partial Order Reduction" (source sets), POPL 2014
 */
export async function explore(start: () => Promise<World>, maxSchedules = Infinity): Promise<Exploration> {
  const path: Choice[] = [];
  let schedules = 0;
  let pruned = 0;
  for (;;) {
    const world = await start();
    for (const { taken } of path) await world.take(taken);
    const isComplete = await runOn(world, path);
    const problems = await world.finish(isComplete);
    if (isComplete) schedules += 1;
    else pruned += 1;
    if (isComplete && problems.length > 0)
      return { schedules, pruned, problems: [...problems, ...path.map(({ taken }) => taken.name)] };
    if (schedules >= maxSchedules || !turn(path)) return { schedules, pruned, problems: [] };
  }
}

/** Takes steps until there are none; `false` if all that are left have been run in another order. */
async function runOn(world: World, path: Choice[]): Promise<boolean> {
  if (path.length > 0) plan(path);
  for (;;) {
    const enabled = world.steps();
    if (enabled.length === 0) return true;
    const last = path.at(-1);
    const sleeping = last?.sleeping.filter((step) => !areRelated(step, last.taken)) ?? [];
    const taken = enabled.find((step) => !isAmong(sleeping, step));
    if (taken === undefined) return false;
    path.push({ enabled, sleeping, planned: new Set([taken.name]), taken, before: new Set() });
    plan(path);
    await world.take(taken);
  }
}

/** Plans the other orders of the last step and those before it that touch what it touches. */
function plan(path: readonly Choice[]): void {
  const last = path.length - 1;
  const choice = path[last];
  if (choice === undefined) return;
  const related = relatedBefore(path, last);
  choice.before = withTheirs(path, related);
  const madeAt = path.findLastIndex(({ enabled }, index) => index < last && !isAmong(enabled, choice.taken));
  for (const index of related) {
    const isDirect = [...related].every(
      (other) => other === index || path[other]?.before.has(index) !== true,
    );
    if (isDirect && index !== madeAt) planOther(path, index, last);
  }
}

/** Those before `at` that its step touches the same as, and the one that made it possible. */
function relatedBefore(path: readonly Choice[], at: number): Set<number> {
  const related = new Set<number>();
  const step = path[at]?.taken;
  if (step === undefined) return related;
  for (let index = 0; index < at; index += 1) {
    const other = path[index];
    if (other === undefined) continue;
    const madePossible = !isAmong(other.enabled, step) && isAmong(path[index + 1]?.enabled ?? [], step);
    if (madePossible || areRelated(other.taken, step)) related.add(index);
  }
  return related;
}

function withTheirs(path: readonly Choice[], related: ReadonlySet<number>): Set<number> {
  const all = new Set(related);
  for (const index of related) for (const earlier of path[index]?.before ?? []) all.add(earlier);
  return all;
}

/** Plans an order in which the step at `late` comes before the one at `early`, unless one is planned already. */
function planOther(path: readonly Choice[], early: number, late: number): void {
  const choice = path[early];
  if (choice === undefined) return;
  const free: number[] = [];
  for (let index = early + 1; index <= late; index += 1)
    if (index === late || path[index]?.before.has(early) !== true) free.push(index);
  const first = free.filter((index) => {
    const before = path[index]?.before;
    return !free.some((other) => other < index && before?.has(other) === true);
  });
  const names = first.map((index) => path[index]?.taken.name ?? '');
  if (names.some((name) => choice.planned.has(name))) return;
  const [name] = names;
  if (name !== undefined) choice.planned.add(name);
}

/** Goes back to the last choice that has another step planned; `false` if there is none. */
function turn(path: Choice[]): boolean {
  for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
    last.sleeping.push(last.taken);
    const { enabled, sleeping, planned } = last;
    const next = enabled.find((step) => planned.has(step.name) && !isAmong(sleeping, step));
    if (next !== undefined) {
      last.taken = next;
      return true;
    }
    path.pop();
  }
  return false;
}

function isAmong(steps: readonly Step[], { name }: Step): boolean {
  return steps.some((step) => step.name === name);
}

function areRelated(one: Step, other: Step): boolean {
  return one.touches.some((touch) =>
    other.touches.some(({ what, changes }) => what === touch.what && (changes || touch.changes)),
  );
}
