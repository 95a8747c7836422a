// What do the parts cost that every policy for promises is made of?
import { AsyncResource } from 'node:async_hooks';
import { systemClock } from '@holdfast/core';

import { one } from '../harness/operation.ts';
import { baseline, question, reference } from '../harness/question.ts';

let running = 0;

const release = (value: number): number => {
  running -= 1;
  return value;
};
const releaseAndThrow = (error: unknown): never => {
  running -= 1;
  throw error;
};

/** The least that a policy does which has to know when a call ends: two functions that all calls share. */
function counted(): Promise<number> {
  running += 1;
  return one().then(release, releaseAndThrow);
}

/** The same for a policy that has to remember something of each call. */
function remembered(): Promise<number> {
  running += 1;
  const before = running;
  return one().then(
    (value) => {
      running = before - 1;
      return value;
    },
    (error: unknown) => {
      running = before - 1;
      throw error;
    },
  );
}

/** The same for one that may let its caller go before the call ends. */
function leavable(): Promise<number> {
  running += 1;
  return new Promise((resolve, reject) => {
    one().then(
      (value) => {
        running -= 1;
        return resolve(value);
      },
      (error: unknown) => {
        running -= 1;
        reject(error);
      },
    );
  });
}

/** The same as it is mostly written. */
async function awaited(): Promise<number> {
  running += 1;
  try {
    return await one();
  } finally {
    running -= 1;
  }
}

/** A call that has to wait for its turn first, and then runs in its caller's async context. */
async function queued(): Promise<number> {
  await new Promise<void>((resolve) => {
    resolve();
  });
  return awaited();
}

export default question({
  answer: 1,
  cases: () => [
    baseline('bare call', () => one()),
    reference('then() with functions that all calls share', counted),
    reference('then() with functions of its own', remembered),
    reference('new Promise() around it', leavable),
    reference('async function with try and finally', awaited),
    reference('the same after a wait for a turn', queued),
    reference('bare call and a look at the clock', () => {
      running = systemClock.now();
      return one();
    }),
    reference('bare call and an AsyncResource', () => new AsyncResource('bare').runInAsyncScope(one)),
  ],
});
