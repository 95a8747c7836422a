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

  /** Waits for a line that is exactly `line`. */
  async said(line: string): Promise<void> {
    while (!this.#lines.includes(line)) {
      if (this.#process.exitCode !== null) throw new Error(`ended without saying ${line}: ${this.#errors}`);
      await once(this.#process.stdout as NodeJS.ReadableStream, 'data');
      await new Promise(setImmediate);
    }
  }

  /** Waits for the end. @throws When it failed. */
  async ended(): Promise<readonly string[]> {
    await this.#exit;
    if (this.#process.exitCode !== 0)
      throw new Error(`ended with ${this.#process.exitCode}: ${this.#errors}`);
    return this.#lines;
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exit;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
