/** A CPU-bound HTTP service: each answer takes a fixed number of rounds of a hash, on the one thread that also takes the calls in. */
import { pbkdf2Sync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  type CallCriticality,
  Degradation,
  eventLoopDelay,
  eventLoopUtilization,
  presets,
} from '@holdfast/degradation';

import type { ServiceReport } from './report.ts';

const [mode = 'without', answerRounds = '', extraRounds = ''] = process.argv.slice(2);

const degradation = new Degradation({
  ...presets.phase2,
  signals: [eventLoopDelay(), eventLoopUtilization()],
  // A feature takes 15 s to come back by default. Nothing else is set.
  recovery: { stepMs: 1_000, holdOffMs: 2_000 },
});
const features = degradation.features().map(({ name }) => name);

const server = createServer((request, response) => {
  const criticality = request.url?.slice(1) as CallCriticality;
  const user = String(request.headers['x-user']);
  const { admitted, retryAfterMs } = degradation.admit(criticality, user);
  if (!admitted) {
    response.writeHead(503, { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }).end();
    return;
  }
  compute(Number(answerRounds));
  // Without degradation all of them are on.
  if (criticality !== 'critical')
    for (const feature of features) if (degradation.isEnabled(feature, user)) compute(Number(extraRounds));
  response.end('answer');
});

function compute(rounds: number): void {
  pbkdf2Sync('secret', 'salt', rounds, 32, 'sha256');
}

function report(message: ServiceReport): void {
  process.send?.(message);
}

degradation.events.subscribe((event) => {
  if ('feature' in event) report({ type: 'feature', what: event.type, feature: event.feature });
});
if (mode === 'with') {
  degradation.start();
  setInterval(() => {
    const on = degradation.features().reduce((sum, { shareRatio }) => sum + shareRatio, 0);
    const { level } = degradation.statistics();
    report({ type: 'state', level, score: degradation.score, featuresOn: on });
  }, 250).unref();
}
server.listen(0, '127.0.0.1', () => {
  report({ type: 'listening', port: (server.address() as AddressInfo).port });
});
process.on('disconnect', () => process.exit());
