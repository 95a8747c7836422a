import { describe, expect, it } from 'vitest';

import { isOutage } from '../../src/service/database-outage.ts';

const withCode = (code: string): Error => Object.assign(new Error('x'), { code });

describe('isOutage', () => {
  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ENOTFOUND',
    'EAI_AGAIN',
    '08006',
    '57P01',
    '57P03',
    '53300',
    '28P01',
    '3D000',
    '25006',
    'SQLITE_BUSY',
    'SQLITE_FULL',
    'SQLITE_IOERR_WRITE',
  ])('knows %s', (code) => {
    expect(isOutage(withCode(code))).toBe(true);
  });

  it.each([
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
    'Query read timeout',
  ])('knows what the driver says without a code: %s', (message) => {
    expect(isOutage(new Error(message))).toBe(true);
  });

  it.each(['42601', '23505', '40001', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_ERROR', 'ERR_TIMEOUT'])(
    'takes %s for what it is',
    (code) => {
      expect(isOutage(withCode(code))).toBe(false);
    },
  );

  it.each([undefined, null, 'ECONNREFUSED', {}])('takes %s for no outage', (error) => {
    expect(isOutage(error)).toBe(false);
  });
});
