import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** It has ended and only waits for somebody to ask how. */
  readonly zombie: boolean;
}

/**
 * Freezes a process and everything below it. Found by parent, not by process group: the backends of Postgres are
 * groups of their own. The parent comes first, so that it makes no further children while they are looked for.
 *
 * @returns The ids of all of them.
 */
export function freezeTree(pid: number): readonly number[] {
  signal(pid, 'SIGSTOP');
  const children = processes().filter(({ parent }) => parent === pid);
  return [pid, ...children.flatMap((child) => freezeTree(child.pid))];
}

/** Lets frozen processes go on. */
export function thaw(pids: readonly number[]): void {
  for (const pid of pids) signal(pid, 'SIGCONT');
}

/**
 * Kills a process and everything below it, and leaves no orphan: a frozen one would stay for ever.
 *
 * @returns The ids of all of them. They may take a moment to end.
 */
export function killTree(pid: number): readonly number[] {
  const pids = process.platform === 'win32' ? [pid] : freezeTree(pid);
  for (const each of pids) signal(each, 'SIGKILL');
  return pids;
}

/** Whether none of the processes runs any more. */
export function areGone(pids: readonly number[]): boolean {
  return !processes().some(({ pid, zombie }) => !zombie && pids.includes(pid));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function processes(): readonly Process[] {
  if (process.platform === 'win32') return [];
  return process.platform === 'linux' ? processesOfLinux() : processesOfPs();
}

/** Reads /proc, because slim container images have no `ps`. */
function processesOfLinux(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // "pid (name) state parent …", where the name may hold anything, a parenthesis too.
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [{ pid: Number(name), parent: Number(parent), zombie: state === 'Z' }];
      } catch {
        return []; // ended meanwhile
      }
    });
}

function processesOfPs(): Process[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' });
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, state]) => ({
      pid: Number(pid),
      parent: Number(parent),
      zombie: state?.startsWith('Z') === true,
    }));
}
