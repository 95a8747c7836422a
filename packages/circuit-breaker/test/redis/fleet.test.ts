import { CircuitBreaker, type CircuitBreakerOptions } from '@holdfast/circuit-breaker';
import { FleetHints, type FleetHintsOptions } from '@holdfast/circuit-breaker/redis';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

/** What a node told, as the script gets it. */
interface Told {
  readonly node: unknown;
  readonly open: unknown;
  readonly calls: unknown;
  readonly failures: unknown;
  readonly lease: unknown;
}

/** A breaker with hints, and answers that the test chooses. */
class Node {
  readonly clock: ManualClock = new ManualClock();
  readonly breaker: CircuitBreaker;
  readonly hints: FleetHints;
  readonly told: Told[] = [];
  answer: unknown = [1, 0, 1, 10, 0, 0];

  constructor(options: FleetHintsOptions = {}, breakerOptions: CircuitBreakerOptions = {}) {
    const { clock } = this;
    const halfOpen = { calls: 2, leaseMs: 500 };
    this.breaker = new CircuitBreaker({
      minCalls: 2,
      openForMs: 5_000,
      jitterRatio: 0,
      halfOpen,
      clock,
      ...breakerOptions,
    });
    const client = {
      eval: async (
        _script: string,
        _keyCount: number,
        ...parameters: (string | number)[]
      ): Promise<unknown> => {
        const [, , node, open, calls, failures, , lease] = parameters;
        this.told.push({ node, open, calls, failures, lease });
        if (this.answer instanceof Error) throw this.answer;
        return this.answer;
      },
    };
    this.hints = new FleetHints(this.breaker, client, { clock, random: () => 0.5, node: 'a', ...options });
  }

  call(result: 'success' | 'failure' = 'success'): void {
    this.breaker.tryAcquire()?.[result]();
  }

  sync(): Promise<void> {
    return this.clock.advance(1_000);
  }
}

describe('FleetHints', () => {
  it('tells every second what the window holds, while there are calls', async () => {
    const node = new Node({}, { minCalls: 3 });
    node.call();
    await node.sync();
    await node.sync();
    node.call('failure');
    await node.sync();

    expect(node.told).toEqual([
      { node: 'a', open: 0, calls: 1, failures: 0, lease: 0 },
      { node: 'a', open: 0, calls: 2, failures: 1, lease: 0 },
    ]);
  });

  it('tells of an opening at once', async () => {
    const node = new Node();
    node.call('failure');
    node.call('failure');

    await node.clock.advance(0);

    expect(node.told).toEqual([{ node: 'a', open: 1, calls: 0, failures: 0, lease: -1 }]);
  });

  it.each([
    ['two of two are open', [2, 2, 0, 0, 0, 0], true],
    ['two of four are open', [4, 2, 4, 40, 0, 0], true],
    ['two of five are open', [5, 2, 5, 50, 0, 0], false],
    ['one of one is open', [1, 1, 0, 0, 0, 0], false],
    ['half of enough calls fail', [3, 0, 2, 10, 5, 0], true],
    ['half of too few calls fail', [3, 0, 2, 9, 9, 0], false],
    ['fewer than half of the calls fail', [3, 0, 2, 100, 49, 0], false],
    ['the calls of one node fail', [3, 0, 1, 100, 100, 0], false],
  ])('is made suspicious when %s: %j', async (_what, answer, suspicious) => {
    const node = new Node();
    node.answer = answer;
    node.call();

    await node.sync();

    expect(node.breaker.state).toBe(suspicious ? 'half-open' : 'closed');
    expect(node.hints.statistics().suspicions).toBe(suspicious ? 1 : 0);
  });

  it('asks for the quorum that it was given', async () => {
    const node = new Node({ quorum: 3 });
    node.answer = [2, 2, 0, 0, 0, 0];
    node.call();

    await node.sync();

    expect(node.breaker.state).toBe('closed');
  });

  it('never opens by a hint, and does not tell of a suspicion as of an opening', async () => {
    const node = new Node();
    node.answer = [2, 2, 0, 0, 0, 1];
    node.call();
    await node.sync();
    node.call();

    await node.sync();

    expect(node.told.at(-1)).toMatchObject({ open: 0 });
    expect(node.breaker.statistics().transitions.opened).toBe(0);
    node.call();
    expect(node.breaker.state).toBe('closed');
  });

  it('does not tell of a suspicion that its user had as of an opening', async () => {
    const node = new Node();

    node.breaker.suspect();
    await node.sync();

    expect(node.told).toMatchObject([{ open: 0 }]);
  });

  it('tells of a circuit that was restored open after a suspicion as of an opening', async () => {
    const node = new Node();
    const { breaker: earlier } = new Node({}, { openForMs: 60_000 });
    for (let call = 0; call < 2; call += 1) earlier.tryAcquire()?.failure();
    node.answer = [2, 2, 0, 0, 0, 0];
    node.call();
    await node.sync();

    node.breaker.restore(earlier.snapshot());
    await node.sync();

    expect(node.told.at(-1)).toMatchObject({ open: 1 });
  });

  it('tells of a suspicion that trial calls confirmed as of an opening', async () => {
    const node = new Node();
    node.answer = [2, 2, 0, 0, 0, 1];
    node.call();
    await node.sync();

    node.call('failure');
    await node.clock.advance(0);

    expect(node.told.at(-1)).toMatchObject({ open: 1 });
  });

  it('leaves a circuit in peace that has just closed', async () => {
    const node = new Node({ calmMs: 5_000 });
    node.answer = [2, 2, 0, 0, 0, 1];
    const suspicions: number[] = [];
    for (let second = 0; second < 8; second += 1) {
      node.call();
      node.call();
      await node.sync();
      suspicions.push(node.hints.statistics().suspicions);
    }

    expect(suspicions).toEqual([1, 1, 1, 1, 1, 2, 2, 2]);
  });

  it('makes one trial call at a time under a lease, and none without', async () => {
    const node = new Node();
    node.answer = [3, 1, 0, 0, 0, 0];
    node.call('failure');
    node.call('failure');
    await node.clock.advance(5_000);
    expect([node.breaker.state, node.breaker.tryAcquire()]).toEqual(['half-open', undefined]);
    expect(node.breaker.retryAfterMs).toBe(1_000);

    node.answer = [3, 1, 0, 0, 0, 1];
    await node.sync();
    const probe = node.breaker.tryAcquire();
    expect(node.breaker.tryAcquire()).toBeUndefined();
    probe?.success();
    node.call();

    expect(node.breaker.state).toBe('closed');
    expect(node.told.at(-1)).toMatchObject({ lease: 3_500 });
    await node.sync();
    expect(node.told.at(-1)).toMatchObject({ lease: 0 });
  });

  it('begins no trial call under a lease of three exchanges ago', async () => {
    const node = new Node();
    node.answer = [3, 1, 0, 0, 0, 1];
    node.call('failure');
    node.call('failure');
    await node.clock.advance(4_000);
    node.breaker.refusal();
    await node.clock.advance(1_000);
    expect(node.breaker.admitting).toBe(true);
    node.clock.advanceSync(2_999);

    expect(node.breaker.admitting).toBe(true);
    node.clock.advanceSync(1);

    expect(node.breaker.admitting).toBe(false);
  });

  it('lets its lease run out when nobody calls', async () => {
    const node = new Node();
    node.answer = [3, 1, 0, 0, 0, 1];
    node.call('failure');
    node.call('failure');
    await node.clock.advance(6_000);

    await node.sync();

    expect(node.told.at(-1)).toMatchObject({ open: 1, lease: -1 });
  });

  it('takes who looks at the circuit for nobody who wants to call', async () => {
    const node = new Node();
    node.answer = [3, 1, 0, 0, 0, 0];
    node.call('failure');
    node.call('failure');
    await node.clock.advance(6_000);

    const looks = [node.breaker.state, node.breaker.statistics().state];
    await node.sync();

    expect(looks).toEqual(['half-open', 'half-open']);
    expect(node.told.at(-1)).toMatchObject({ open: 1, lease: -1 });
  });

  it('wants a lease for who asks when to come back', async () => {
    const node = new Node();
    node.answer = [3, 1, 0, 0, 0, 0];
    node.call('failure');
    node.call('failure');
    await node.clock.advance(6_000);

    expect(node.breaker.retryAfterMs).toBe(1_000);
    await node.sync();

    expect(node.told.at(-1)).toMatchObject({ lease: 3_500 });
  });

  it('DS-01: decides alone while nobody answers, and asks less and less often', async () => {
    const node = new Node();
    node.answer = new Error('down');
    node.call('failure');
    node.call('failure');
    const asked: number[] = [];
    for (let second = 1; second <= 64; second += 1) {
      const before = node.told.length;
      await node.sync();
      if (node.told.length > before) asked.push(second);
    }

    // At once, after 2, 4, 8, 16 and 32 seconds more.
    expect(asked).toEqual([1, 2, 6, 14, 30, 62]);
    expect(node.breaker.tryAcquire()).toBeDefined();
    expect(node.breaker.tryAcquire()).toBeDefined();
    expect(node.hints.statistics()).toMatchObject({ exchanges: 0, failures: 6, fleet: undefined });
  });

  it.each([[undefined], [[1, 2]], [[1, 0, 1, 'x', 0, 0]], [{}]])(
    'takes the answer %j for none',
    async (answer) => {
      const node = new Node();
      node.answer = answer;
      node.call();

      await node.sync();

      expect(node.hints.statistics()).toMatchObject({ exchanges: 0, failures: 1 });
    },
  );

  it('takes an answer that is late for none', async () => {
    const node = new Node({ timeoutMs: 300 });
    node.answer = new Promise(() => {});
    node.call();
    await node.sync();
    expect(node.hints.statistics().failures).toBe(0);

    await node.clock.advance(300);

    expect(node.hints.statistics().failures).toBe(1);
  });

  it('spreads its exchanges by a tenth', async () => {
    const node = new Node({ random: () => 1 });
    node.call();
    await node.clock.advance(1_099);
    expect(node.told).toHaveLength(0);

    await node.clock.advance(1);

    expect(node.told).toHaveLength(1);
  });

  it('leaves nothing behind once it is disposed, and has no timer that keeps a process alive', async () => {
    const node = new Node();
    expect([node.clock.pending('foreground'), node.clock.pending('background')]).toEqual([0, 1]);
    node.answer = [3, 1, 0, 0, 0, 0];
    node.call('failure');
    node.call('failure');
    await node.clock.advance(5_000);

    await node.hints[Symbol.asyncDispose]();

    expect(node.clock.pending()).toBe(0);
    expect(node.breaker.admitting).toBe(true);
    node.call('failure');
    await node.clock.advance(0);
    expect(node.clock.pending()).toBe(0);
  });

  it('takes no answer any more once it is disposed', async () => {
    const node = new Node();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    node.answer = promise;
    node.call();
    await node.sync();

    await node.hints[Symbol.asyncDispose]();
    resolve([2, 2, 0, 0, 0, 0]);
    await node.sync();

    expect(node.breaker.state).toBe('closed');
    expect(node.clock.pending()).toBe(0);
  });

  it.each<readonly [FleetHintsOptions, string]>([
    [{ prefix: '' }, 'prefix must be a string that is not empty'],
    [{ node: '' }, 'node must be a string that is not empty'],
    [{ syncMs: 9 }, 'syncMs must be a finite number of milliseconds of at least 10, got 9'],
    [{ timeoutMs: 0 }, 'timeoutMs must be a finite number of milliseconds of at least 1, got 0'],
    [{ goodForMs: 999 }, 'goodForMs must be a finite number of milliseconds of at least 1000, got 999'],
    [{ quorum: 1 }, 'quorum must be a whole number of at least 2, got 1'],
    [{ probes: 0 }, 'probes must be a whole number of at least 1, got 0'],
    [{ calmMs: -1 }, 'calmMs must be a finite number of milliseconds of at least 0, got -1'],
  ])('refuses %o', (options, message) => {
    expect(() => new Node(options)).toThrow(message);
  });

  it('refuses what is no breaker and no client', () => {
    const client = { eval: async () => undefined };

    expect(() => new FleetHints({} as CircuitBreaker, client)).toThrow(
      'breaker must be an object with suspect()',
    );
    expect(() => new FleetHints(new CircuitBreaker(), {} as typeof client)).toThrow(
      'clientOrUrl must be a URL or a client with eval(), got an object',
    );
    expect(() => new FleetHints(new CircuitBreaker(), '')).toThrow('clientOrUrl must be a string');
  });
});
