import { until } from '@holdfast/test-support';
import { expect, it } from 'vitest';

import type { Opened } from '../fleet.ts';
import { onLog } from '../site.ts';
import type { Scene } from './scene.ts';

/** Read your writes, and those of others whose position you know; and in the end all read the same. */
export function agree({ fleet, client, at }: Scene): void {
  it('reads what it has written at once, and what others have written if it knows their position', async () => {
    const site = at();
    await using detour = await site.detour();
    await using opened = await fleet.open([detour.wiring(client), site.direct(client)]);
    const { nodes, truth } = opened;
    const [a, b] = nodes;
    await Promise.all(nodes.map((node) => node.get('key')));
    detour.hold(onLog);
    truth.change('key');
    const deleted = await b.delete('key');
    expect(await b.get('key')).toBe(1);
    expect(await a.get('key', { after: deleted.position })).toBe(1);
    const set = await b.set('key', 'set');
    expect(await b.get('key')).toBe('set');
    expect(await a.get('key', { after: set.position })).toBe('set');

    expect(await a.get('key')).toBe('set');
    expect(set.position).toBeGreaterThan(deleted.position ?? 0n);
  });

  it('comes to hold everywhere what was set last', async () => {
    const site = at();
    await using opened = await fleet.open(site.direct(client));
    const { nodes } = opened;
    for (const [index, node] of nodes.entries()) await node.set('key', index);
    const later = Array.from({ length: 10 }, (_, index) => `later ${index}`);
    await Promise.all(nodes.flatMap((node) => later.map((value) => node.set('key', value))));
    await settle(nodes);

    const held = await Promise.all(nodes.map((node) => node.get('key')));
    const [{ value } = {}] = await Promise.all(nodes.map((node) => node.entry('key')));
    expect(new Set(held).size).toBe(1);
    expect(held[0]).toBe(value);
  });
}

/** Waits until each node has heard of everything up to now. */
async function settle([a, b, ...others]: Opened['nodes']): Promise<void> {
  const nodes = [a, b, ...others];
  for (const [marker, node] of [
    ['marker a', a],
    ['marker b', b],
  ] as const) {
    await Promise.all(nodes.map((each) => each.get(marker)));
    await node.delete(marker);
  }
  await until('the markers are gone everywhere', async () => {
    const held = await Promise.all(nodes.flatMap((node) => [node.peek('marker a'), node.peek('marker b')]));
    return held.every((marker) => marker === undefined);
  });
}
