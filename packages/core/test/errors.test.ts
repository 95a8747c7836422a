import { DeadlineExceededError, HoldfastError, isHoldfastError } from '@holdfast/core';
import { describe, expect, it, vi } from 'vitest';

class FullError extends HoldfastError {
  override readonly name = 'FullError';
  readonly code = 'ERR_FULL';
}

describe('HoldfastError', () => {
  it('carries code, cause and the time to come back', () => {
    const cause = new Error('below');
    const error = new FullError('no room', { retryAfterMs: 250, cause });

    expect(error).toMatchObject({
      name: 'FullError',
      code: 'ERR_FULL',
      message: 'no room',
      retryAfterMs: 250,
      cause,
    });
    expect(error).toBeInstanceOf(Error);
  });

  it('captures no stack trace and leaves the platform’s limit alone', () => {
    const before = Error.stackTraceLimit;

    expect(new FullError('no room').stack).not.toMatch(/\n\s+at /);
    expect(Error.stackTraceLimit).toBe(before);
    expect(new Error('other').stack).toMatch(/\n\s+at /);
  });

  it('leaves the limit alone where it cannot be made', () => {
    const before = Error.stackTraceLimit;
    try {
      expect(() => new FullError(Object.create(null) as string)).toThrow(TypeError);
      expect(Error.stackTraceLimit).toBe(before);
    } finally {
      Error.stackTraceLimit = before;
    }
  });

  it('is made all the same where the platform’s limit cannot be changed, as with frozen intrinsics', async () => {
    const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')!;
    Object.defineProperty(Error, 'stackTraceLimit', { ...limit, writable: false });
    vi.resetModules();
    try {
      const copy = await import('@holdfast/core');

      expect(new copy.DeadlineExceededError('billing')).toMatchObject({ policy: 'billing' });
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', limit);
    }
  });

  it('has no cause of its own unless given one', () => {
    expect('cause' in new FullError('no room')).toBe(false);
  });
});

describe('isHoldfastError', () => {
  it('tells ours from others, with a code if asked', () => {
    const error: unknown = new FullError('no room');

    expect(isHoldfastError(error)).toBe(true);
    expect(isHoldfastError(error, 'ERR_FULL')).toBe(true);
    expect(isHoldfastError(error, 'ERR_OTHER')).toBe(false);
    for (const other of [new Error('x'), undefined, null, 'ERR_FULL', { code: 'ERR_FULL' }])
      expect(isHoldfastError(other)).toBe(false);
  });

  it('knows the errors of another copy of the package', async () => {
    vi.resetModules();
    const copy = await import('@holdfast/core');
    expect(copy.HoldfastError).not.toBe(HoldfastError);

    expect(isHoldfastError(new copy.DeadlineExceededError('billing'), 'ERR_DEADLINE_EXCEEDED')).toBe(true);
    expect(copy.isHoldfastError(new DeadlineExceededError('billing'))).toBe(true);
  });
});
