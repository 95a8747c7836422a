import { type ChildProcess, fork } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';

import { type Call, Load } from './load.ts';
import type { ServiceReport } from './report.ts';

type At<Report> = Report & { readonly atMs: number };

/** Calm, overload, and calm again until every feature is back. */
export interface Plan {
  readonly calmMs: number;
  readonly overloadMs: number;
  /** How long the features may take to come back. */
  readonly recoveryMs: number;
}

/** What was seen of one run. */
export interface Run {
  readonly calls: readonly Call[];
  readonly states: readonly At<Extract<ServiceReport, { type: 'state' }>>[];
  readonly features: readonly At<Extract<ServiceReport, { type: 'feature' }>>[];
  readonly overloadFromMs: number;
  readonly overloadToMs: number;
}

/** How much there is to compute, in rounds of the hash. */
export interface Work {
  readonly answerRounds: number;
  readonly extraRounds: number;
}

/** An answer takes 4 ms of CPU, and each feature 0.5 ms more. */
export function calibrate(): Work {
  // The first one also pays for loading the hash.
  const microsPerProbe = Math.min(...Array.from({ length: 10 }, probe));
  const roundsPerMs = (probeRounds * 1_000) / microsPerProbe;
  return { answerRounds: Math.round(4 * roundsPerMs), extraRounds: Math.round(roundsPerMs / 2) };
}

const probeRounds = 20_000;

/** Its CPU time, in microseconds. */
function probe(): number {
  const startedAt = process.cpuUsage();
  pbkdf2Sync('secret', 'salt', probeRounds, 32, 'sha256');
  const { user, system } = process.cpuUsage(startedAt);
  return user + system;
}

/** Calls per second that the service answers when there is always another one to answer, everything on. */
export async function capacityOf(work: Work, durationMs: number): Promise<number> {
  return withService('without', work, async (port) => {
    const load = new Load(port);
    const startedAt = performance.now();
    await load.closed(durationMs, 4);
    return (load.calls.length / (performance.now() - startedAt)) * 1_000;
  });
}

export async function run(
  mode: 'with' | 'without',
  work: Work,
  { calmMs, overloadMs, recoveryMs, capacity }: Plan & { readonly capacity: number },
): Promise<Run> {
  const states: Run['states'][number][] = [];
  const features: Run['features'][number][] = [];
  return withService(mode, work, async (port, service) => {
    const load = new Load(port);
    service.on('message', (message) => {
      const report = message as ServiceReport;
      const atMs = load.elapsedMs;
      if (report.type === 'state') states.push({ ...report, atMs });
      if (report.type === 'feature') features.push({ ...report, atMs });
    });
    await load.run({ durationMs: calmMs, callsPerSecond: 0.5 * capacity });
    const overloadFromMs = load.elapsedMs;
    await load.run({ durationMs: overloadMs, callsPerSecond: overloadFactor * capacity });
    const overloadToMs = load.elapsedMs;
    const isBack = (): boolean =>
      features.at(-1)?.what === 'feature-restored' && states.at(-1)?.featuresOn === featureCount;
    while (load.elapsedMs < overloadToMs + recoveryMs && !isBack())
      await load.run({ durationMs: 1_000, callsPerSecond: 0.3 * capacity });
    await load.end();
    return { calls: load.calls, states, features, overloadFromMs, overloadToMs };
  });
}

const featureCount = 4;
/** At three times the capacity all of them have to go, at twice the first two are mostly enough. */
const overloadFactor = 3;

async function withService<T>(
  mode: string,
  { answerRounds, extraRounds }: Work,
  use: (port: number, service: ChildProcess) => Promise<T>,
): Promise<T> {
  const parameters = [mode, String(answerRounds), String(extraRounds)];
  const service = fork(new URL('service.ts', import.meta.url), parameters, { execArgv: process.execArgv });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      service.once('error', reject);
      service.once('exit', () => reject(new Error('the service ended')));
      service.on('message', (message) => {
        const report = message as ServiceReport;
        if (report.type === 'listening') resolve(report.port);
      });
    });
    return await use(port, service);
  } finally {
    service.kill();
  }
}
