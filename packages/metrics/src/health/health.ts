import { EventHub, type EventSource } from '@holdfast/core';

import { CheckRunner, type CheckState } from './check-runner.ts';
import type { HealthStatus } from './check.ts';
import type { HealthEvent } from './events.ts';
import {
  type HealthOptions,
  type ResolvedCheck,
  type ResolvedHealthOptions,
  resolveOptions,
} from './options.ts';
import { checkReport, type HealthReport } from './report.ts';

/** The answer to a probe, and why. */
export interface Verdict {
  readonly status: HealthStatus;
  /** Why it is not `pass`, in words. */
  readonly output?: string | undefined;
}

/** What is read now of each check. */
export interface HealthStatistics {
  readonly component: 'health';
  readonly checks: readonly {
    readonly name: string;
    readonly status: HealthStatus;
    /** Milliseconds since 1970; `undefined` until it first succeeds. */
    readonly lastSuccessAt: number | undefined;
  }[];
}

const unchecked: CheckState = { status: 'warn', output: 'not checked yet' };

/**
 * Gathers checks into the answers that an orchestrator, a load balancer and an operator ask for. Checks run in the
 * background; asking only reads what they found, so no request waits for a dependency or adds to the load on it.
 *
 * Invariants:
 * - a critical check that fails, and nothing else, makes the whole fail; anything less is a warning;
 * - only liveness checks can end {@link live}, so that a broken dependency never restarts the process;
 * - a check that others depend on alike does not make the process unready, unless it is told to.
 */
export class Health implements Disposable {
  readonly #options: ResolvedHealthOptions;
  readonly #hub = new EventHub<HealthEvent>();
  readonly #runners: readonly CheckRunner[];
  #started = false;
  #draining = false;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: HealthOptions) {
    this.#options = resolveOptions(options);
    const { clock, random } = this.#options;
    this.#runners = this.#options.checks.map(
      (check) =>
        new CheckRunner({
          check,
          clock,
          random,
          onChange: (from, state) => this.#onChange(check, from, state),
        }),
    );
  }

  get name(): string {
    return this.#options.name;
  }

  get events(): EventSource<HealthEvent> {
    return this.#hub;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Runs every check now and then again and again, in the background. Starting twice is starting once. */
  start(): Disposable {
    if (!this.#started) for (const runner of this.#runners) runner.start();
    this.#started = true;
    return this;
  }

  /** Whether the process should go on: `fail` means it should be restarted. */
  live(): Verdict {
    const checks = this.#runners.filter(({ check }) => check.kind === 'liveness');
    return verdictOn(checks, ({ check }) => check.critical);
  }

  /** Whether to send requests here: not while draining, nor before each check that could say no has answered. */
  ready(): Verdict {
    if (this.#draining) return { status: 'fail', output: 'draining' };
    const starting = this.#runners.filter(isGating).filter((runner) => runner.read() === undefined);
    if (starting.length > 0) return { status: 'fail', output: `starting: ${namesOf(starting)}` };
    return verdictOn(
      this.#runners.filter(({ check }) => check.kind === 'readiness'),
      isGating,
    );
  }

  /** Everything, for people and dashboards. */
  report(): HealthReport {
    const { status, output } = verdictOn(this.#runners, ({ check }) => check.critical);
    const checks = Object.fromEntries(
      this.#runners.map((runner) => [
        runner.check.name,
        [checkReport(runner.read() ?? unchecked, runner.check.componentType)],
      ]),
    );
    return { status, ...this.#options.about, ...(output === undefined ? {} : { output }), checks };
  }

  /** Makes the process unready for good, so that requests stop coming before it stops answering. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    if (this.#hub.observed) this.#hub.emit({ type: 'drained' });
  }

  statistics(): HealthStatistics {
    return {
      component: 'health',
      checks: this.#runners.map((runner) => ({
        name: runner.check.name,
        status: (runner.read() ?? unchecked).status,
        lastSuccessAt: runner.lastSuccessAt,
      })),
    };
  }

  /** Stops checking and calls off the checks under way. What was found goes stale. */
  [Symbol.dispose](): void {
    this.#started = false;
    for (const runner of this.#runners) runner.stop();
  }

  #onChange(check: ResolvedCheck, from: HealthStatus | undefined, { status, output }: CheckState): void {
    if (this.#hub.observed) this.#hub.emit({ type: 'changed', check: check.name, from, to: status, output });
  }
}

function isGating({ check }: CheckRunner): boolean {
  return check.gating;
}

/** `fail` if a check that decides does, `warn` if anything else is wrong. */
function verdictOn(runners: readonly CheckRunner[], decides: (runner: CheckRunner) => boolean): Verdict {
  const troubled = runners.filter((runner) => (runner.read() ?? unchecked).status !== 'pass');
  if (troubled.length === 0) return { status: 'pass' };
  const failed = troubled.filter((runner) => decides(runner) && runner.read()?.status === 'fail');
  if (failed.length > 0) return { status: 'fail', output: namesOf(failed) };
  return { status: 'warn', output: namesOf(troubled) };
}

function namesOf(runners: readonly CheckRunner[]): string {
  return runners.map(({ check }) => check.name).join(', ');
}
