import { CircuitBreaker, type Classify, errors, httpStatus } from '@holdfast/circuit-breaker';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { PolicyError } from './specification/policy-error.ts';

class Base extends Error {}
class Middle extends Base {}
class Leaf extends Middle {}

const verdictOf = (classify: Classify, reason: unknown): string =>
  classify({ status: 'rejected', reason }) ?? 'default';
const judge = async (classify: Classify | undefined, outcome: () => unknown): Promise<string | undefined> => {
  const breaker = new CircuitBreaker({ classify });
  await breaker.execute(outcome).catch(() => {});
  const { calls } = breaker.statistics();
  return Object.entries(calls).find(([, count]) => count > 0)?.[0];
};
const throwing = (error: unknown) => (): never => {
  throw error;
};

describe('errors', () => {
  const kinds = { Base, Middle, Leaf };
  const chain = ['Base', 'Middle', 'Leaf'] as const;
  const cells = chain.flatMap((failOn) =>
    chain.flatMap((skipOn) => chain.map((thrown) => [failOn, skipOn, thrown] as const)),
  );
  // A class is taken for its superclasses too: what is thrown is of a kind if the kind comes no later in the chain.
  const isOf = (thrown: (typeof chain)[number], kind: (typeof chain)[number]): boolean =>
    chain.indexOf(thrown) >= chain.indexOf(kind);

  it.each(cells)('CB-38: errors(%s).except(%s) about a %s', (failOn, skipOn, thrown) => {
    const expected = isOf(thrown, skipOn) ? 'ignore' : isOf(thrown, failOn) ? 'failure' : 'ignore';

    expect(verdictOf(errors(kinds[failOn]).except(kinds[skipOn]), new kinds[thrown]())).toBe(expected);
  });

  it('CB-38: has 27 cells', () => {
    expect(cells).toHaveLength(27);
  });

  it('tells errors by their code, whoever made them', () => {
    const classify = errors('ECONNRESET', 'ERR_TIMEOUT').except('ERR_SHED');

    expect(verdictOf(classify, Object.assign(new Error('reset'), { code: 'ECONNRESET' }))).toBe('failure');
    expect(verdictOf(classify, new PolicyError('ERR_TIMEOUT'))).toBe('failure');
    expect(verdictOf(classify, new PolicyError('ERR_SHED'))).toBe('ignore');
    expect(verdictOf(classify, 'ECONNRESET')).toBe('ignore');
    expect(verdictOf(classify, null)).toBe('ignore');
  });

  it('leaves what is not excepted to the default when it lists nothing', () => {
    const classify = errors().except(Leaf);

    expect(verdictOf(classify, new Leaf())).toBe('ignore');
    expect(verdictOf(classify, new Base())).toBe('default');
  });

  it('adds up exceptions and leaves the classifier that they are added to alone', () => {
    const all = errors(Base);
    const fewer = all.except(Leaf).except('CODE');

    expect(verdictOf(fewer, new Leaf())).toBe('ignore');
    expect(verdictOf(fewer, Object.assign(new Base(), { code: 'CODE' }))).toBe('ignore');
    expect(verdictOf(all, new Leaf())).toBe('failure');
  });

  it('leaves values to the default', () => {
    expect(errors(Base)({ status: 'fulfilled', value: new Base() })).toBeUndefined();
  });

  it.each<[kind: unknown]>([[() => true], [''], [404], [undefined]])('refuses %o', (kind) => {
    expect(() => errors(kind as string)).toThrow('errors must be classes or codes');
    expect(() => errors().except(kind as string)).toThrow('errors must be classes or codes');
  });
});

describe('httpStatus', () => {
  it.each([
    [{ status: 100 }, 'success'],
    [{ status: 200 }, 'success'],
    [{ status: 304 }, 'success'],
    [{ status: 399 }, 'success'],
    [{ status: 400 }, 'ignored'],
    [{ statusCode: 404 }, 'ignored'],
    [{ status: 429 }, 'ignored'],
    [{ status: 499 }, 'ignored'],
    [{ status: 500 }, 'failure'],
    [{ statusCode: 503 }, 'failure'],
    [{ response: { status: 599 } }, 'failure'],
    [{ status: 'ok', statusCode: 503 }, 'failure'],
  ])('judges an answer of %o', async (answer, expected) => {
    expect(await judge(httpStatus(), () => answer)).toBe(expected);
    const error = Object.assign(new Error('HTTP'), answer);
    expect(await judge(httpStatus(), throwing(error))).toBe(expected);
  });

  it.each([
    [408, 'failure'],
    [404, 'ignore'],
    [503, 'ignore'],
  ])('takes exactly what is listed for a failure: %d', (status, expected) => {
    expect(httpStatus(408)({ status: 'fulfilled', value: { status } })).toBe(expected);
  });

  it('takes a class of statuses for failures', () => {
    expect(httpStatus('4xx')({ status: 'fulfilled', value: { status: 404 } })).toBe('failure');
  });

  it.each([[{ status: 600 }], [{ status: 99 }], [{ status: 200.5 }], ['text'], [undefined], [null], [{}]])(
    'leaves %o to the default',
    (answer) => {
      expect(httpStatus()({ status: 'fulfilled', value: answer })).toBeUndefined();
    },
  );

  it.each([[99], [600], [1.5], ['3xx'], [Number.NaN]])('refuses the status %o', (status) => {
    expect(() => httpStatus(status as number)).toThrow(
      "httpStatus must be a status from 100 to 599, '4xx' or '5xx'",
    );
  });
});

describe('the default judgement', () => {
  it.each([
    ['a value', () => undefined, 'success'],
    ['an error', throwing(new Error('down')), 'failure'],
    ['a string', throwing('down'), 'failure'],
    ['a name that does not exist', throwing(new ReferenceError('x is not defined')), 'ignored'],
    ['a value used as what it is not', throwing(new TypeError('x is not a function')), 'ignored'],
    [
      'a network that fetch cannot reach',
      throwing(new TypeError('fetch failed', { cause: 'ECONNREFUSED' })),
      'failure',
    ],
    ['the same in Chrome', throwing(new TypeError('Failed to fetch')), 'failure'],
    ['the same in Safari', throwing(new TypeError('Load failed')), 'failure'],
    [
      'the same in Firefox',
      throwing(new TypeError('NetworkError when attempting to fetch resource.')),
      'failure',
    ],
    ['an answer that is no JSON', throwing(new SyntaxError('Unexpected token')), 'failure'],
    ['a full bulkhead', throwing(new PolicyError('ERR_BULKHEAD_FULL')), 'ignored'],
    ['a full dedupe', throwing(new PolicyError('ERR_DEDUPE_FULL')), 'ignored'],
    ['a throttle', throwing(new PolicyError('ERR_THROTTLED')), 'ignored'],
    ['a deadline', throwing(new PolicyError('ERR_DEADLINE_EXCEEDED')), 'ignored'],
    ['a timeout', throwing(new PolicyError('ERR_TIMEOUT')), 'failure'],
  ])('of %s', async (_what, outcome, expected) => {
    expect(await judge(undefined, outcome)).toBe(expected);
  });

  it.each(['fail', true, null])('decides where classify answers %j, which is no verdict', async (answer) => {
    const classify = (() => answer) as unknown as Classify;

    expect(await judge(classify, throwing(new Error('down')))).toBe('failure');
    expect(await judge(classify, () => 'up')).toBe('success');
  });

  it('decides where classify is asynchronous by mistake, whose rejection ends no process', async () => {
    const unhandled = vi.fn<() => void>();
    process.on('unhandledRejection', unhandled);
    onTestFinished(() => void process.off('unhandledRejection', unhandled));
    const classify = (async () => Promise.reject(new Error('bug'))) as unknown as Classify;

    expect(await judge(classify, throwing(new Error('down')))).toBe('failure');
    await settle();

    expect(unhandled).not.toHaveBeenCalled();
  });

  it.each([
    ['a full bulkhead', new PolicyError('ERR_BULKHEAD_FULL')],
    ['a mistake of the caller', new ReferenceError('x is not defined')],
  ])('takes %s for nothing, however long it took', async (_what, error) => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ window: { calls: 1 }, slow: { afterMs: 10, ratio: 1 }, clock });

    const call = breaker.execute(() => {
      clock.advanceSync(10);
      throw error;
    });

    await expect(call).rejects.toBe(error);
    expect(breaker.statistics()).toMatchObject({ state: 'closed', slowCalls: 0, calls: { ignored: 1 } });
  });
});
