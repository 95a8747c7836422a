import { isIP } from 'node:net';

/** The eight 16-bit groups of an IPv6 address; an IPv4 address is `::ffff:a.b.c.d`, as the kernel maps it. */
export type AddressGroups = readonly number[];

/** Longer than any address with its zone. */
const longestText = 128;

/**
 * Reads an address as proxies and sockets write it: with brackets, a port or a zone, which are left out.
 * `undefined` if it is none.
 */
export function parseAddress(text: string | undefined): AddressGroups | undefined {
  if (text === undefined || text.length > longestText) return undefined;
  let bare = text.trim();
  if (isIP(bare) === 0) bare = withoutPort(bare);
  const version = isIP(bare);
  if (version === 4) return [0, 0, 0, 0, 0, 0xff_ff, ...groupsOfIPv4(bare)];
  return version === 6 ? groupsOfIPv6(bare.replace(/%.*$/, '')) : undefined;
}

/** The canonical text of RFC 5952; of an IPv4 address, whose range is `::ffff:0:0/96`, the dotted one. */
export function writeAddress(groups: AddressGroups): string {
  if (isMapped(groups)) return writeIPv4(groups);
  const hex = groups.map((group) => group.toString(16));
  const { start, length } = longestZeros(groups);
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

export function writeIPv4(groups: AddressGroups): string {
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}

/** Whether the first `bits` of both are the same. */
export function sharesPrefix(one: AddressGroups, other: AddressGroups, bits: number): boolean {
  for (let index = 0; index * 16 < bits; index += 1) {
    const differing = (one[index] as number) ^ (other[index] as number);
    if ((differing & maskOf(bits, index)) !== 0) return false;
  }
  return true;
}

/** The address with all but its first `bits` cleared. */
export function prefixOf(groups: AddressGroups, bits: number): AddressGroups {
  return groups.map((group, index) => group & maskOf(bits, index));
}

export function isMapped(groups: AddressGroups): boolean {
  return sharesPrefix(groups, mappedRange, 96);
}

const mappedRange: AddressGroups = [0, 0, 0, 0, 0, 0xff_ff, 0, 0];

/** The bits of one group that belong to a prefix. */
function maskOf(bits: number, index: number): number {
  const own = Math.min(16, Math.max(0, bits - index * 16));
  return (0xff_ff << (16 - own)) & 0xff_ff;
}

function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text);
  if (bracketed !== null) return bracketed[1] as string;
  return text.replace(/^([\d.]+):\d+$/, '$1');
}

function groupsOfIPv4(text: string): [number, number] {
  const [a, b, c, d] = text.split('.').map(Number) as [number, number, number, number];
  return [(a << 8) | b, (c << 8) | d];
}

function groupsOfIPv6(text: string): AddressGroups {
  const [head = '', tail] = text.split('::', 2);
  const first = groupsOf(head);
  if (tail === undefined) return first;
  const last = groupsOf(tail);
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text
    .split(':')
    .flatMap((group) => (group.includes('.') ? groupsOfIPv4(group) : [Number.parseInt(group, 16)]));
}

function longestZeros(groups: AddressGroups): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > longest.length) longest = { start, length: index + 1 - start };
  }
  return longest;
}
