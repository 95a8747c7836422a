import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a controller of Linux keeps the files of the groups that this process is in. */
export interface ControlGroups {
  /** Version 1 has a hierarchy for each controller, version 2 one for all. */
  readonly version: 1 | 2;
  readonly base: string;
  /** From `base`: the process's own group, then those around it. A limit of any of them holds. */
  readonly paths: readonly string[];
}

/**
 * Finds the groups for a controller; `undefined` where there are none, as on other systems.
 *
 * A container without a namespace of its own is told its path on the host, and sees its own group at the top: then that counts.
 *
 * Source: cgroups(7), and the kernel's documentation of version 2.
 */
export function controlGroups(controller: string, rootDirectory: string): ControlGroups | undefined {
  const mount = join(rootDirectory, 'sys/fs/cgroup');
  const lines = linesOf(join(rootDirectory, 'proc/self/cgroup')).map(parseMembership);
  const first = lines.find(({ controllers }) => controllers.split(',').includes(controller));
  if (first !== undefined) {
    const bases = [join(mount, controller), join(mount, first.controllers)];
    const base = bases.find((each) => existsSync(each));
    return base === undefined ? undefined : { version: 1, base, paths: pathsIn(base, first.path) };
  }
  const second = lines.find(({ controllers }) => controllers === '');
  if (second === undefined || !existsSync(join(mount, 'cgroup.controllers'))) return undefined;
  return { version: 2, base: mount, paths: pathsIn(mount, second.path) };
}

/** A file of one number. `max` and what is no whole number that a machine could have count as no limit. */
export function limitIn(file: string): number {
  const limit = Number(textOf(file));
  return Number.isSafeInteger(limit) && limit >= 0 ? limit : Infinity;
}

export function numberIn(file: string): number {
  return Number(textOf(file));
}

/** A line of a file of names and numbers; 0 if it is not there. */
export function fieldIn(file: string, name: string): number {
  const line = textOf(file)
    .split('\n')
    .find((each) => each.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

export function textOf(file: string): string {
  return readFileSync(file, 'utf8').trim();
}

interface Membership {
  readonly controllers: string;
  readonly path: string;
}

/** `4:memory:/system.slice/api.service`, and `0::/system.slice/api.service` for version 2. */
function parseMembership(line: string): Membership {
  const [, controllers = 'none', ...path] = line.split(':');
  return { controllers, path: path.join(':') };
}

/** The path and all above it, as far as they can be seen from here. */
function pathsIn(base: string, path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '');
  const whole = !parts.includes('..') && existsSync(join(base, ...parts)) ? parts : [];
  return Array.from({ length: whole.length + 1 }, (_, up) => whole.slice(0, whole.length - up).join('/'));
}

function linesOf(file: string): readonly string[] {
  return existsSync(file) ? textOf(file).split('\n') : [];
}
