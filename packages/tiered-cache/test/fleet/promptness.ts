import { until } from '@holdfast/test-support';
import { expect } from 'vitest';

import type { Opened } from './fleet.ts';
import { keyOf } from './keys.ts';
import type { Node } from './node.ts';

export const tierTimeoutMs = 200;

/** What is added by the work of the process itself. Whoever waits for two timeouts takes longer. */
const toleranceMs = 100;

/** Has each process hold something in memory that it is asked for later. */
export async function holdSomething({ nodes }: Opened): Promise<void> {
  await Promise.all(nodes.map((node, who) => node.get(keyOf(who, 'held'))));
}

/** What a process waited for longer than it should, or what was rejected. */
export function lateness(node: Node, rounds: number): Promise<readonly string[]> {
  return node.late(rounds, tierTimeoutMs + toleranceMs);
}

/** Each operation of each process ends in time, and none rejects. */
export async function expectPrompt({ nodes }: Opened): Promise<void> {
  const late = await Promise.all(nodes.map((node) => lateness(node, 2)));
  expect(late).toEqual(nodes.map(() => []));
}

/** A deletion by the first one is taken, and shows everywhere. */
export async function expectAgreement({ nodes, truth }: Opened): Promise<void> {
  await until('a deletion is taken', async () => {
    truth.change('again');
    return (await nodes[0].delete('again')).l2 === 'applied';
  });
  await until('all see it', async () => {
    const answers = await Promise.all(nodes.map((node) => node.get('again')));
    return answers.every((answer) => answer === truth.version('again'));
  });
}
