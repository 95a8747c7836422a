import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { guarded } from './guarded.ts';
import { areGone, freezeTree, killTree, thaw } from './process-tree.ts';
import type { Server, StartOptions } from './server.ts';
import { until } from './until.ts';

export interface DaemonOptions {
  readonly command: string;
  readonly port: number;
  readonly url: string;
  /** Lays out the folder, which may hold an earlier start's data, and returns the arguments. */
  readonly prepare: (folder: string) => Promise<readonly string[]>;
  readonly ready: (port: number) => Promise<boolean>;
  readonly data: 'kept' | 'empty';
  /** What asks the server to end without waiting for its clients. Defaults to SIGTERM. */
  readonly stopSignal?: NodeJS.Signals | undefined;
  /** Runs the server as this user and group. */
  readonly user?: number | undefined;
  readonly startTimeoutMs?: number | undefined;
}

const stopTimeoutMs = 5_000;

/** A server that runs as a child process in a temporary folder of its own. */
export class Daemon implements Server {
  readonly url: string;
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly controllable = true;
  readonly #options: DaemonOptions;
  #folder: string | undefined;
  #child: ChildProcess | undefined;
  #frozen: readonly number[] = [];

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.url = options.url;
    this.port = options.port;
  }

  async start(options?: StartOptions): Promise<void> {
    if (this.#child !== undefined) return;
    if ((options?.data ?? this.#options.data) === 'empty') await this.#removeFolder();
    this.#folder ??= await this.#makeFolder();
    const child = await this.#spawn(this.#folder);
    try {
      await this.#untilReady(child, this.#folder);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.resume();
    const kill = setTimeout(() => void this.kill(), stopTimeoutMs);
    await this.#end((child) => child.kill(this.#options.stopSignal));
    clearTimeout(kill);
  }

  async kill(): Promise<void> {
    let pids: readonly number[] = [];
    await this.#end((child) => (pids = killTree(child.pid!)));
    this.#frozen = [];
    await until('all processes have ended', () => areGone(pids));
  }

  async pause(): Promise<void> {
    if (process.platform === 'win32') throw new Error('Windows cannot pause a process');
    if (this.#child === undefined) throw new Error(`${this.url} is not running`);
    this.#frozen = freezeTree(this.#child.pid!);
  }

  async resume(): Promise<void> {
    thaw(this.#frozen);
    this.#frozen = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#removeFolder();
  }

  async #makeFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-'));
    guarded({ watch: true, folder });
    const { user } = this.#options;
    if (user !== undefined) await chown(folder, user, user);
    return folder;
  }

  async #removeFolder(): Promise<void> {
    const folder = this.#folder;
    if (folder === undefined) return;
    this.#folder = undefined;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    guarded({ watch: false, folder });
  }

  async #spawn(folder: string): Promise<ChildProcess> {
    const { command, prepare, user } = this.#options;
    const args = await prepare(folder);
    const log = openSync(join(folder, 'log'), 'a');
    const child = spawn(command, args, {
      cwd: folder,
      stdio: ['ignore', log, log],
      ...(user === undefined ? undefined : { uid: user, gid: user }),
    });
    closeSync(log);
    await once(child, 'spawn');
    const pid = child.pid!;
    guarded({ watch: true, pid });
    this.#child = child;
    child.once('exit', () => {
      guarded({ watch: false, pid });
      this.#child = undefined;
    });
    return child;
  }

  async #untilReady(child: ChildProcess, folder: string): Promise<void> {
    const { command, port, ready, startTimeoutMs = 20_000 } = this.#options;
    try {
      await until(
        `${command} answers on port ${port}`,
        async () => hasEnded(child) || ready(port),
        startTimeoutMs,
      );
      if (hasEnded(child)) throw new Error(`${command} ended with ${child.exitCode ?? child.signalCode}`);
    } catch (cause) {
      const log = readFileSync(join(folder, 'log'), 'utf8').slice(-4_000);
      throw new Error(`${command} did not start:\n${log}`, { cause });
    }
  }

  async #end(signal: (child: ChildProcess) => void): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exit = once(child, 'exit');
    signal(child);
    await exit;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
