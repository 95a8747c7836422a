// What does a rate limit in memory add to a request of an Express route, the client's part included?
import { once } from 'node:events';

import { type LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import { rateLimit } from '@holdfast/rate-limiter/express';
import express, { type RequestHandler } from 'express';
import { rateLimit as peerLimit } from 'express-rate-limit';

import { baseline, ours, peer, question, type Run, type Scope } from '../harness/question.ts';
import { fourLimits, oneLimit } from './memory-limiters.ts';
import { callers, requestsPerRun, requestsTo } from './route.ts';

/** Never reached: requests that pass are measured. */
const limit = 1_000_000_000;

export default question({
  answer: requestsPerRun,
  callsPerRun: requestsPerRun,
  patience: 10,
  cases: async (scope) => [
    baseline('route without a limit', await route(scope)),
    ours('rateLimit, one strict limit', await route(scope, holdfast(oneLimit(limit)))),
    ours('rateLimit, four strict limits', await route(scope, holdfast(fourLimits(limit)))),
    peer('express-rate-limit', 'fixed window, draft-8 fields', await route(scope, fixedWindow())),
  ],
});

async function route(scope: Scope, ...limits: readonly RequestHandler[]): Promise<Run> {
  const app = express();
  app.get('/', ...limits, (_request, response) => void response.send('hello'));
  const server = app.listen(0, '127.0.0.1');
  scope.defer(() => server.close());
  await once(server, 'listening');
  return requestsTo(server, scope);
}

function holdfast(limits: LimitsOptions): RequestHandler {
  const limiter = new RateLimiter({ limits });
  return rateLimit({ limiter, subjectOf: (request) => callers.keyOf(request) });
}

function fixedWindow(): RequestHandler {
  return peerLimit({ windowMs: 60_000, limit, standardHeaders: 'draft-8', legacyHeaders: false });
}
