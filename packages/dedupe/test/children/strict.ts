// Runs with --unhandled-rejections=strict: what nobody waits for must not end the process.
import { AsyncLocalStorage } from 'node:async_hooks';
import { settle } from '@holdfast/core/testing';
import { Dedupe, type DedupeOptions } from '@holdfast/dedupe';

const policies: readonly DedupeOptions[] = [
  {},
  { abandon: 'continue' },
  { abandon: { lingerMs: 1 } },
  { clone: structuredClone },
  { asyncContext: new AsyncLocalStorage() },
  { maxWaiters: 1, overflow: 'reject' },
  { maxAgeMs: 0 },
];
const ignore = (): void => undefined;

async function everythingFails(options: DedupeOptions): Promise<void> {
  const dedupe = new Dedupe(options);
  const callers = [new AbortController(), new AbortController()];
  const { promise, reject } = Promise.withResolvers<never>();
  const operation = (): Promise<never> => promise;

  const left = callers.map(({ signal }) => dedupe.run('left', operation, { signal }).catch(ignore));
  const tried = dedupe.tryRun('left', operation, { deadlineMs: 1 });
  for (const caller of callers) caller.abort();
  await Promise.all([...left, tried]);
  reject(new Error('nobody waits for this'));

  await dedupe
    .run('gone', () => Promise.reject(new Error('unseen')), { signal: AbortSignal.abort() })
    .catch(ignore);
  const aborts = new AbortController();
  const itself = (): Promise<never> => {
    aborts.abort();
    return Promise.reject(new Error('after its caller has left'));
  };
  await dedupe.run('itself', itself, { signal: aborts.signal }).catch(ignore);
  await settle();
}

for (const options of policies) await everythingFails(options);
if (process.argv.includes('--forget')) {
  // What a caller does not handle is its own: the process ends as it would without a dedupe.
  void new Dedupe().run('forgotten', () => Promise.reject(new Error('not handled')));
  await settle();
}
console.log('survived');
