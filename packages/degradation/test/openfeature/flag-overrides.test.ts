import { settle } from '@holdfast/core/testing';
import { FlagOverrides, type FlagOverridesOptions, VetoProvider } from '@holdfast/degradation/openfeature';
import { InMemoryProvider, MultiProvider, OpenFeature } from '@openfeature/server-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench } from '../support/bench.ts';

const features = [{ name: 'search' }, { name: 'suggest', criticality: 'sheddable' }] as const;
const flag = (value: boolean) => ({
  variants: { on: true, off: false },
  defaultVariant: value ? 'on' : 'off',
  disabled: false,
});

/** Flags that can be changed, and a provider that can fail. */
class Vendor extends InMemoryProvider {
  failing = false;
  #slow: { readonly answer: Promise<void>; readonly value: boolean } | undefined;

  /** The next question for search is answered with `value`, but only once that is resolved. */
  slowly(value: boolean): PromiseWithResolvers<void> {
    const answer = Promise.withResolvers<void>();
    this.#slow = { answer: answer.promise, value };
    return answer;
  }

  override async resolveBooleanEvaluation(key: string, value: boolean) {
    if (this.failing) throw new Error('the vendor cannot be reached');
    const slow = this.#slow;
    if (slow !== undefined && key === 'degradation.search') {
      this.#slow = undefined;
      await slow.answer;
      return { value: slow.value };
    }
    return super.resolveBooleanEvaluation(key, value, {});
  }
}

async function overridden(options: FlagOverridesOptions = {}) {
  const bench = new Bench({ features });
  const vendor = new Vendor({ 'degradation.search': flag(true) });
  const veto = new VetoProvider(bench.degradation);
  await OpenFeature.setProviderAndWait(new MultiProvider([{ provider: veto }, { provider: vendor }]));
  const client = OpenFeature.getClient();
  const overrides = new FlagOverrides(bench.degradation, client, { clock: bench.clock, ...options });
  const wait = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      bench.clock.advanceSync(1_000);
      await settle();
      await settle();
    }
  };
  return { bench, vendor, overrides, wait };
}

afterEach(() => OpenFeature.clearProviders());

describe('FlagOverrides', () => {
  it('forces a feature off while its flag is false', async () => {
    const { bench, vendor, overrides, wait } = await overridden();
    using asking = overrides.start();
    expect(asking).toBe(overrides);
    await wait(1_000);
    expect(bench.degradation.isEnabled('search')).toBe(true);

    vendor.putConfiguration({ 'degradation.search': flag(false) });
    await wait(10_000);
    expect(bench.degradation.isEnabled('search')).toBe(false);
    expect(bench.degradation.isEnabled('suggest')).toBe(true);

    vendor.putConfiguration({ 'degradation.search': flag(true) });
    await wait(10_000);
    expect(bench.degradation.isEnabled('search')).toBe(true);
  });

  it('asks at once when the provider tells of a change', async () => {
    const { bench, vendor, overrides } = await overridden();
    using asking = overrides.start();
    expect(asking).toBe(overrides);
    await settle();
    vendor.putConfiguration({ 'degradation.search': flag(false) });
    await settle();
    await settle();

    expect(bench.degradation.isEnabled('search')).toBe(false);
  });

  it('does not keep off what the load has switched off', async () => {
    const { bench, overrides, wait } = await overridden();
    using asking = overrides.start();
    expect(asking).toBe(overrides);
    bench.hold(0.8, 4);
    bench.score = 0.2;
    await wait(60_000);

    expect(bench.degradation.statistics().featuresDisabled).toBe(0);
  });

  it('holds the last answer while the flags cannot be asked, until it expires', async () => {
    const { bench, vendor, overrides, wait } = await overridden({ intervalMs: 1_000, ttlMs: 10_000 });
    using asking = overrides.start();
    expect(asking).toBe(overrides);
    vendor.putConfiguration({ 'degradation.search': flag(false) });
    await wait(2_000);
    vendor.failing = true;
    await wait(4_000);
    expect(bench.degradation.isEnabled('search')).toBe(false);

    await wait(10_000);

    expect(bench.degradation.isEnabled('search')).toBe(true);
  });

  it('holds the last answer for ttlMs from when it came, not from when the feature went off', async () => {
    const { bench, vendor, overrides, wait } = await overridden({ intervalMs: 1_000, ttlMs: 10_000 });
    using asking = overrides.start();
    expect(asking).toBe(overrides);
    vendor.putConfiguration({ 'degradation.search': flag(false) });
    await wait(5_000);
    vendor.failing = true;
    await wait(9_000);
    expect(bench.degradation.isEnabled('search')).toBe(false);

    await wait(1_000);

    expect(bench.degradation.isEnabled('search')).toBe(true);
  });

  it('keeps a feature off without a gap however seldom it is asked for', async () => {
    const { bench, vendor, overrides, wait } = await overridden({ intervalMs: 60_000 });
    using asking = overrides.start();
    expect(asking).toBe(overrides);
    vendor.putConfiguration({ 'degradation.search': flag(false) });
    await wait(600_000);

    expect(bench.degradation.isEnabled('search')).toBe(false);
    expect(new Set(bench.told('feature-override-ended'))).toEqual(new Set(['search off replaced']));
  });

  it('goes by the answer to the latest question, in whatever order they come', async () => {
    const { bench, vendor, overrides } = await overridden();
    const first = vendor.slowly(false);
    const asked = overrides.ask();
    await settle();
    await overrides.ask();
    expect(bench.degradation.isEnabled('search')).toBe(true);
    first.resolve();
    await asked;

    expect(bench.degradation.isEnabled('search')).toBe(true);
  });

  it('renews what lasts, and tells of it once in half of its time', async () => {
    const { bench, vendor, overrides, wait } = await overridden({ intervalMs: 1_000, ttlMs: 20_000 });
    using asking = overrides.start();
    expect(asking).toBe(overrides);
    vendor.putConfiguration({ 'degradation.search': flag(false) });
    await wait(60_000);

    expect(bench.degradation.isEnabled('search')).toBe(false);
    expect(bench.told('feature-override-set').length).toBeLessThanOrEqual(7);
    expect(bench.told('feature-override-ended')).not.toContain('search off expired');
  });

  it('asks for the flag that it is told to, and by hand', async () => {
    const { bench, vendor, overrides } = await overridden({ flagOf: (feature) => `may-${feature}` });
    vendor.putConfiguration({ 'may-suggest': flag(false) });
    await overrides.ask();

    expect(bench.degradation.isEnabled('suggest')).toBe(false);
  });

  it('leaves features to the load when it is disposed of, and holds no timer', async () => {
    const { bench, vendor, overrides, wait } = await overridden();
    vendor.putConfiguration({ 'degradation.search': flag(false) });
    overrides.start().start();
    await wait(1_000);
    expect(bench.degradation.isEnabled('search')).toBe(false);

    overrides[Symbol.dispose]();

    expect(bench.degradation.isEnabled('search')).toBe(true);
    // The sampling of the degradation.
    expect(bench.clock.pending()).toBe(1);
    vendor.putConfiguration({ 'degradation.search': flag(false) });
    await overrides.ask();
    expect(bench.degradation.isEnabled('search')).toBe(true);
  });

  it('does not begin after disposal', async () => {
    const { bench, vendor, overrides, wait } = await overridden();
    overrides[Symbol.dispose]();
    overrides.start();
    vendor.putConfiguration({ 'degradation.search': flag(false) });
    await wait(10_000);

    // The sampling of the degradation.
    expect(bench.clock.pending()).toBe(1);
    expect(bench.degradation.isEnabled('search')).toBe(true);
  });

  it.each<[object, string]>([
    [{ flagOf: 1 }, 'flagOf must be a function'],
    [{ intervalMs: 0 }, 'intervalMs must be'],
    [{ ttlMs: 1 }, 'ttlMs must be a finite number of milliseconds of at least 10000'],
    [{ clock: {} }, 'clock must be'],
  ])('refuses %j', (options, message) => {
    const { degradation } = new Bench({ features });
    const client = OpenFeature.getClient();

    expect(() => new FlagOverrides(degradation, client, options)).toThrow(message);
    expect(() => new FlagOverrides({} as never, client)).toThrow('degradation must be');
    expect(() => new FlagOverrides(degradation, {} as never)).toThrow('client must be');
  });
});
