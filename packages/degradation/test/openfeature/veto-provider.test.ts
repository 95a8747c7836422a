import {
  FirstMatchStrategy,
  InMemoryProvider,
  MultiProvider,
  OpenFeature,
  ProviderEvents,
  StandardResolutionReasons,
} from '@openfeature/server-sdk';
import { VetoProvider } from '@holdfast/degradation/openfeature';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench } from '../support/bench.ts';

const features = [{ name: 'search' }, { name: 'suggest', criticality: 'sheddable' }] as const;
const on = { variants: { on: true, off: false }, defaultVariant: 'on', disabled: false };
const text = { variants: { long: 'long' }, defaultVariant: 'long', disabled: false };

/** A client whose flags come from a vendor, behind the veto of a degradation. */
async function behindVeto(options: { readonly dryRun?: boolean } = {}) {
  const bench = new Bench({ features, ...options });
  const veto = new VetoProvider(bench.degradation);
  const vendor = new InMemoryProvider({ search: on, other: on, suggest: text });
  const flags = new MultiProvider([{ provider: veto }, { provider: vendor }], new FirstMatchStrategy());
  await OpenFeature.setProviderAndWait(flags);
  return { bench, veto, client: OpenFeature.getClient() };
}

afterEach(() => OpenFeature.clearProviders());

describe('VetoProvider before another provider', () => {
  it('leaves flags to the other while the feature is on, and those of no feature always', async () => {
    const { bench, client } = await behindVeto();
    expect(await client.getBooleanDetails('search', false)).toMatchObject({ value: true, reason: 'STATIC' });

    bench.hold(0.8, 4);

    expect(await client.getBooleanDetails('other', false)).toMatchObject({ value: true, reason: 'STATIC' });
    expect(await client.getBooleanDetails('nowhere', true)).toMatchObject({ value: true, reason: 'ERROR' });
  });

  it('says false while the feature is off, and why', async () => {
    const { bench, client } = await behindVeto();
    bench.hold(0.8, 4);

    expect(await client.getBooleanDetails('search', true)).toEqual({
      flagKey: 'search',
      value: false,
      reason: StandardResolutionReasons.DISABLED,
      flagMetadata: { feature: 'search', level: 'reduced', score: 0.8 },
    });
  });

  it('gives flags of other types their default while the feature is off', async () => {
    const { bench, client } = await behindVeto();
    expect(await client.getStringValue('suggest', 'short')).toBe('long');

    bench.hold(0.8, 4);

    expect(await client.getStringDetails('suggest', 'short')).toMatchObject({
      value: 'short',
      reason: 'DISABLED',
    });
    expect(await client.getNumberDetails('suggest', 7)).toMatchObject({ value: 7, reason: 'DISABLED' });
    expect(await client.getObjectDetails('suggest', { a: 1 })).toMatchObject({
      value: { a: 1 },
      reason: 'DISABLED',
    });
  });

  it('asks for the targeting key while the feature comes back', async () => {
    const { bench, client } = await behindVeto();
    bench.hold(0.8, 4);
    bench.holdMs(0.2, 15_000);
    const users = Array.from({ length: 60 }, (_, i) => `user ${i}`);
    const values = await Promise.all(
      users.map((targetingKey) => client.getBooleanValue('search', false, { targetingKey })),
    );

    expect(values).toEqual(users.map((user) => bench.degradation.isEnabled('search', user)));
    expect(new Set(values).size).toBe(2);
    expect(await client.getBooleanValue('search', true)).toBe(false);
  });

  it('vetoes nothing in a dry run, and tells of no change', async () => {
    const { bench, client, veto } = await behindVeto({ dryRun: true });
    const changes: unknown[] = [];
    veto.events.addHandler(ProviderEvents.ConfigurationChanged, (event) => void changes.push(event));
    bench.hold(0.96, 2);

    expect(await client.getBooleanValue('search', false)).toBe(true);
    expect(changes).toEqual([]);
  });

  it('tells the client which flags have changed, all of a sample at once', async () => {
    const { bench, client } = await behindVeto();
    const changes: unknown[] = [];
    client.addHandler(ProviderEvents.ConfigurationChanged, (event) => void changes.push(event?.flagsChanged));
    bench.hold(0.8, 4);
    await Promise.resolve();
    expect(changes).toEqual([['suggest', 'search']]);

    bench.degradation.forceFeature('search', 'on', 1_000);
    await Promise.resolve();
    bench.hold(0.8, 4);
    await Promise.resolve();

    expect(changes).toEqual([['suggest', 'search'], ['search'], ['search']]);
  });

  it('is quiet after it was replaced', async () => {
    const { bench, veto } = await behindVeto();
    const changes: unknown[] = [];
    veto.events.addHandler(ProviderEvents.ConfigurationChanged, (event) => void changes.push(event));
    await OpenFeature.setProviderAndWait(new InMemoryProvider());
    bench.hold(0.8, 4);
    await Promise.resolve();

    expect(changes).toEqual([]);
  });
});

describe('VetoProvider', () => {
  it('runs on servers and has a name', () => {
    expect(new VetoProvider(new Bench({ features }).degradation)).toMatchObject({
      runsOn: 'server',
      metadata: { name: 'holdfast-degradation' },
    });
  });

  it('refuses what is no degradation', () => {
    expect(() => new VetoProvider({} as never)).toThrow(
      'degradation must be an object with isEnabled(), features()',
    );
  });
});
