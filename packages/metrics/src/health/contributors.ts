import type { Watched } from '../watched.ts';
import type { HealthCheck } from './check.ts';

/** Warns while a breaker is anything but closed: whoever needs what is behind it does without. */
export function breakerCheck(breaker: Watched<{ readonly state: string }>): HealthCheck {
  return {
    name: `${breaker.name}:state`,
    kind: 'info',
    componentType: 'circuit-breaker',
    check: () => {
      const { state } = breaker.statistics();
      if (state === 'closed') return { status: 'pass', observedValue: state };
      return { status: 'warn', observedValue: state, output: `the circuit is ${state}` };
    },
  };
}

/** Warns while a lower tier of a cache does not work: the cache then answers from the others. */
export function cacheCheck(
  cache: Watched<{ readonly tiers: Readonly<Record<string, object | undefined>> }>,
): HealthCheck {
  return {
    name: `${cache.name}:tiers`,
    kind: 'info',
    componentType: 'cache',
    check: () => {
      const tiers = Object.entries(cache.statistics().tiers);
      const down = tiers.filter(([, tier]) => isDown(tier)).map(([name]) => name);
      if (down.length === 0) return { status: 'pass', observedValue: tiers.length, observedUnit: 'tiers' };
      const observedValue = tiers.length - down.length;
      return { status: 'warn', observedValue, observedUnit: 'tiers', output: `down: ${down.join(', ')}` };
    },
  };
}

/** Memory cannot be down, so its tier does not say. */
function isDown(tier: object | undefined): boolean {
  return tier !== undefined && 'up' in tier && tier.up === 0;
}

const levels = ['normal', 'reduced', 'critical'];

/** Warns while a service is degraded at all: at any level but 0. */
export function degradationCheck(degradation: Watched<{ readonly level: number }>): HealthCheck {
  return {
    name: `${degradation.name}:level`,
    kind: 'info',
    componentType: 'system',
    check: () => {
      const { level } = degradation.statistics();
      const observedValue = levels[level] ?? level;
      if (level === 0) return { status: 'pass', observedValue };
      return { status: 'warn', observedValue, output: `the load level is ${observedValue}` };
    },
  };
}
