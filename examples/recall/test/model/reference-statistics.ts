import { halfLives, weightAt } from '../../src/domain/decay.ts';
import type { AccessEvent } from '../../src/domain/model.ts';

const rounded = (value: number): number => Number(value.toPrecision(9));

/** What a history says, computed from all of it at once. */
export function referenceStatistics(events: readonly AccessEvent[]): unknown {
  const ordered = events.toSorted((a, b) => a.at - b.at || (a.eventId < b.eventId ? -1 : 1));
  const byItem = Map.groupBy(ordered, ({ itemId }) => itemId);
  const transitions = new Map<string, number>();
  for (const session of Map.groupBy(ordered, (event) => event.session).values()) {
    for (const [index, event] of session.entries()) {
      const next = session[index + 1];
      if (next === undefined || next.itemId === event.itemId || next.at - event.at > 30 * 60_000) continue;
      const key = `${event.itemId} ${next.itemId}`;
      transitions.set(key, (transitions.get(key) ?? 0) + weightAt(next.at, halfLives.transition));
    }
  }
  const lines = [...transitions].map(([key, weight]) => `${key} ${rounded(weight)}`).toSorted();
  const sum = (list: readonly AccessEvent[], halfLifeMs: number): number =>
    rounded(list.reduce((total, { at }) => total + weightAt(at, halfLifeMs), 0));
  return {
    opened: [...byItem]
      .map(([itemId, list]) => ({
        itemId,
        count: list.length,
        lastAt: list.at(-1)?.at,
        frequency: sum(list, halfLives.frequency),
        popularity: sum(list, halfLives.popularity),
      }))
      .toSorted((a, b) => (a.itemId < b.itemId ? -1 : 1)),
    transitions: lines,
    shared: lines,
  };
}
