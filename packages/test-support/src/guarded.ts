import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export type GuardMessage =
  | { readonly watch: boolean; readonly pid: number }
  | { readonly watch: boolean; readonly folder: string };

// One per process, not per server. It holds no state that a second copy of this module could disagree with.
let guard: ChildProcessByStdio<Writable, null, null> | undefined;

/** Tells the guard what to clean up if this process ends without doing it, or no longer to. */
export function guarded(message: GuardMessage): void {
  guard ??= startGuard();
  guard.stdin.write(`${JSON.stringify(message)}\n`);
}

function startGuard(): ChildProcessByStdio<Writable, null, null> {
  const file = fileURLToPath(new URL('guard.ts', import.meta.url));
  const started = spawn(process.execPath, [file], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  started.unref();
  (started.stdin as Socket).unref();
  return started;
}
