import { spawnSync } from 'node:child_process';

/** A user that every Unix has, without rights of its own. */
export const nobody = 65_534;

/** Whether this process may start others as {@link nobody}: it is root, and its executable lies where everybody may go. */
export function mayRunAsNobody(): boolean {
  if (process.getuid?.() !== 0) return false;
  return spawnSync(process.execPath, ['--version'], { uid: nobody, gid: nobody }).status === 0;
}
