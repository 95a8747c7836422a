/** The load generator in a process of its own, so that it neither slows the service nor is slowed by it. */
import { LoadGenerator } from './load-generator.ts';
import type { LoadPhase } from './load-phase.ts';
import { Workload, type WorkloadSource } from './workload.ts';

interface Start {
  readonly origin: string;
  readonly source: WorkloadSource;
}

let generator: LoadGenerator | undefined;
let workload: Workload | undefined;

process.on('message', (message: { readonly start: Start } | { readonly phase: LoadPhase }) => {
  if ('start' in message) {
    generator = new LoadGenerator(message.start.origin);
    workload = new Workload(message.start.source);
    return;
  }
  const { phase } = message;
  const chosen = workload;
  if (generator === undefined || chosen === undefined) throw new Error('a phase came before the start');
  void generator
    .run(phase, () => chosen.next(phase.spread))
    .then((measurement) => process.send?.(measurement));
});
process.on('disconnect', () => process.exit());
