import type { Node } from './node.ts';

export const count = 40;
export const many = (name: string): string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`);
export const tagged = { tags: ['a', 'b'] };
/** However slow the machine is, what the log tells is believed. */
export const sure = { maxStalenessMs: 60_000 };

/** Opens every connection and teaches the servers every script. */
export async function warm(node: Node): Promise<void> {
  await node.getMany(many('warm'));
  await Promise.all(many('warm').map((key) => node.set(key, 1, tagged)));
  await Promise.all(many('warm').map((key) => node.delete(key)));
  await node.call('expire', ['warm']);
  await node.deleteTag('warm');
  await node.clear();
}
