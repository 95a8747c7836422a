import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process of its own that says, line by line, a name and a number. */
export class Child implements Disposable {
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #readings = new Map<string, number>();

  constructor(script: URL, parameters: readonly string[]) {
    const flags = ['--conditions=@holdfast/source', '--no-warnings', fileURLToPath(script)];
    this.#process = spawn(process.execPath, [...flags, ...parameters], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#closed = once(this.#process, 'close');
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('the child has no output');
    createInterface(stdout).on('line', (line) => {
      const [name = '', value] = line.split(' ');
      this.#readings.set(name, Number(value));
      this.#process.emit('reading');
    });
  }

  /** Waits until it says so. */
  async says(name: string): Promise<void> {
    while (!this.#readings.has(name)) await once(this.#process, 'reading');
  }

  /** What it has said when it ends. @throws When it failed. */
  async readings(): Promise<Record<string, number>> {
    await this.#closed;
    if (this.#process.exitCode !== 0) throw new Error(`the child ended with ${this.#process.exitCode}`);
    return Object.fromEntries(this.#readings);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL');
  }
}
