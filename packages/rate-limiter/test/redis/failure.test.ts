import { describe, expect, it } from 'vitest';
import { RateLimitStoreError } from '../../src/errors.ts';
import { failureOf } from '../../src/redis/failure.ts';

describe('failureOf', () => {
  it.each([
    ['READONLY You can’t write against a read only replica.', 'the store is a replica and takes no writes'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'the store is out of memory'],
    [
      "NOPERM this user has no permissions to run the 'evalsha' command",
      'the store does not permit the script',
    ],
    ['LOADING Redis is loading the dataset in memory', 'the store is loading its data'],
    ['CLUSTERDOWN The cluster is down', 'the store is a cluster that is down'],
    [
      'MISCONF Redis is configured to save RDB snapshots. script: 897afd, on @user_script:1.',
      'the store cannot persist and so refuses writes',
    ],
    // As a server before 7 tells of a command in a script.
    [
      "ERR Error running script (call to f_1028a5): @user_script:4: @user_script: 4: -READONLY You can't write.",
      'the store is a replica and takes no writes',
    ],
    ['Connection is closed.', 'the store failed: Connection is closed.'],
  ])('says of %s what it means', (message, told) => {
    const cause = new Error(message);

    expect(failureOf(cause)).toMatchObject({ message: told, cause, code: 'ERR_RATE_LIMIT_STORE' });
  });

  it('leaves our own errors alone, and takes whatever else is thrown', () => {
    const own = new RateLimitStoreError('late');

    expect(failureOf(own)).toBe(own);
    expect(failureOf('broken')).toMatchObject({ message: 'the store failed: broken', cause: 'broken' });
  });
});
