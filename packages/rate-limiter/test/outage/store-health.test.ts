import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';
import { StoreHealth } from '../../src/outage/store-health.ts';

function setup(): { clock: ManualClock; health: StoreHealth; told: string[] } {
  const clock = new ManualClock();
  const told: string[] = [];
  const observer = {
    failed: () => void told.push('failed'),
    lost: () => void told.push('lost'),
    recovered: (outageMs: number) => void told.push(`recovered after ${outageMs}`),
  };
  return { clock, told, health: new StoreHealth(clock, observer, 100) };
}

describe('StoreHealth', () => {
  it('tells of an outage once when it begins and once when it ends, however many answers say so', () => {
    const { clock, health, told } = setup();
    const [first, second] = [health.attempt('ready'), health.attempt('ready')];
    first?.failed(new Error('late'));
    second?.failed(new Error('late'));
    clock.advanceSync(100);

    const probe = health.attempt('ready');
    probe?.succeeded();
    probe?.succeeded();

    expect(told).toEqual(['failed', 'lost', 'failed', 'recovered after 100']);
  });

  it('takes no late failure of a call from before an outage for another one', () => {
    const { clock, health, told } = setup();
    const [first, slow] = [health.attempt('ready'), health.attempt('ready')];
    first?.failed(new Error('late'));
    clock.advanceSync(100);
    health.attempt('ready')?.succeeded();

    slow?.failed(new Error('later'));

    expect(told).toEqual(['failed', 'lost', 'recovered after 100', 'failed']);
    health.attempt('ready')?.failed(new Error('again'));
    expect(told.slice(4)).toEqual(['failed', 'lost']);
  });

  it('lets one call probe at a time', () => {
    const { clock, health } = setup();
    health.attempt('ready')?.failed(new Error('late'));
    expect(health.attempt('ready')).toBeUndefined();
    clock.advanceSync(100);

    expect(health.attempt('ready')).toBeDefined();
    expect(health.attempt('ready')).toBeUndefined();
  });

  it('does not take a late success of an earlier call for the end', () => {
    const { health } = setup();
    const [failing, late] = [health.attempt('ready'), health.attempt('ready')];
    failing?.failed(new Error('READONLY'));

    late?.succeeded();

    expect(health.isOut('ready')).toBe(true);
  });
});
