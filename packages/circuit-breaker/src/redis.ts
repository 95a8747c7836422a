/**
 * What a fleet knows about a dependency, shared through Redis or Valkey as a hint.
 *
 * @module
 */
export type { Fleet } from './redis/fleet.ts';
export { FleetHints, type FleetHintsStatistics } from './redis/fleet-hints.ts';
export type { FleetHintsOptions } from './redis/options.ts';
export type { RedisClient } from './redis/client.ts';
