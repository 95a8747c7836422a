import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Another process, which runs one of `test/children` and says on its output how far it is. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #exit: Promise<unknown>;
  #errors = '';

  constructor(script: string, ...parameters: readonly string[]) {
    const file = fileURLToPath(new URL(`children/${script}.ts`, import.meta.url));
    const flags = ['--conditions=@holdfast/source', '--no-warnings', file];
    this.#process = spawn(process.execPath, [...flags, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#exit = once(this.#process, 'exit');
    let rest = '';
    this.#process.stdout?.on('data', (piece: Buffer) => {
      const parts = (rest + piece.toString()).split('\n');
      rest = parts.pop() ?? '';
      this.#lines.push(...parts);
    });
    this.#process.stderr?.on('data', (piece: Buffer) => (this.#errors += piece.toString()));
  }

  /** The lines that have arrived. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Waits for the first line. */
  async talks(): Promise<void> {
    while (this.#lines.length === 0) {
      if (this.#process.exitCode !== null) throw new Error(`ended in silence: ${this.#errors}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null) throw new Error(`ended by itself: ${this.#errors}`);
    this.#process.kill('SIGKILL');
    await this.#exit;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
