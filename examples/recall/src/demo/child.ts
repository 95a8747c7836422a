import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A part of the demo in a process of its own, so that the parts do not share a processor or an event loop. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;

  /** @param module - Relative to this file. */
  constructor(module: string, environment: Readonly<Record<string, string>> = {}) {
    const file = fileURLToPath(new URL(module, import.meta.url));
    this.#process = fork(file, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
  }

  send(message: object): void {
    this.#process.send(message);
  }

  /** The next message. @throws If the process ends first. */
  message(): Promise<unknown> {
    return this.#beforeExit(once(this.#process, 'message').then(([message]) => message as unknown));
  }

  /** The first line of its output. @throws If the process ends first. */
  line(): Promise<string> {
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('the output of the process is not piped');
    return this.#beforeExit(once(stdout, 'data').then(([chunk]) => String(chunk).split('\n', 1)[0] ?? ''));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await exit;
  }

  async #beforeExit<T>(awaited: Promise<T>): Promise<T> {
    const exit = once(this.#process, 'exit').then(([code]) => {
      throw new Error(`${this.#process.spawnargs.at(-1)} ended with ${code}`);
    });
    return Promise.race([awaited, exit]);
  }
}
