import type { PipelineParts, PipelineSlots } from './slots.ts';

/** One step of a pipeline; `options` are those of the policy, without functions. */
export interface PipelineStep {
  readonly slot: string;
  /** The `name` of the policy; absent where the pipeline itself does the step. */
  readonly policy?: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A pipeline as plain data. */
export interface PipelineDescription {
  readonly name: string;
  /** The outermost first. */
  readonly steps: readonly PipelineStep[];
}

export function describePipeline<Fallen>(
  parts: PipelineParts<Fallen>,
  slots: PipelineSlots<Fallen>,
): PipelineDescription {
  const { name, deadlineMs, fallback, breaker, bulkhead, chaos, dedupe, hedge, rateLimit, retry, timeout } =
    parts;
  const steps: (PipelineStep | undefined)[] = [
    deadlineMs === Infinity ? undefined : { slot: 'deadline', options: { deadlineMs } },
    fallback && step('fallback', fallback, slots.fallback),
    dedupe && step('dedupe', dedupe, slots.dedupe),
    retry && step('retry', retry, slots.retry),
    hedge && step('hedge', hedge, slots.hedge),
    breaker && step('breaker check', breaker, slots.breaker),
    rateLimit && step('rate limit', rateLimit, slots.rateLimit),
    bulkhead && step('bulkhead', bulkhead, limitOf(slots.bulkhead)),
    breaker && step('breaker', breaker, slots.breaker),
    timeout && step('timeout', timeout, slots.timeout),
    chaos && step('chaos', chaos, slots.chaos),
  ];
  return { name, steps: steps.filter((each) => each !== undefined) };
}

function limitOf(given: PipelineSlots['bulkhead']): unknown {
  return typeof given === 'number' || given === 'auto' ? { limit: given } : given;
}

/** A policy that tells its options is believed; of another one we know what it was made from. */
function step(slot: string, policy: { readonly name: string }, given: unknown): PipelineStep {
  const isInstance = given === policy;
  const known = 'options' in policy ? policy.options : isInstance ? {} : given;
  return { slot, policy: policy.name, options: dataOf(known) };
}

/** What somebody wrote down as data: without functions, and without objects that have some, such as a clock. */
function dataOf(options: unknown): Record<string, unknown> {
  if (typeof options !== 'object' || options === null) return {};
  const entries = Object.entries(options).filter(([, value]) => isData(value));
  return Object.fromEntries(entries.map(([key, value]) => [key, isPrimitive(value) ? value : dataOf(value)]));
}

function isPrimitive(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean';
}

function isData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isPrimitive(value);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isData);
}
