import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { guarded } from './guarded.ts';
import { until } from './until.ts';

export interface ChildOptions {
  /** Runs it as this user, which takes root. */
  readonly user?: number | undefined;
}

/** Compiled sources, for the children to come: without it each compiles all it imports. */
const compiled = fileURLToPath(new URL('../node_modules/.cache/children', import.meta.url));

/** Starts a script of a test as a process of its own. It sees the sources of the workspace's packages. */
export function startChild(
  script: URL,
  parameters: readonly string[] = [],
  { user }: ChildOptions = {},
): Child {
  const flags = ['--conditions=@holdfast/source', '--no-warnings', fileURLToPath(script)];
  const child = spawn(process.execPath, [...flags, ...parameters], {
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Texts of any length and every type of value arrive as they were sent.
    serialization: 'advanced',
    ...(user === undefined ? undefined : { uid: user, gid: user }),
  });
  return new Child(child);
}

/**
 * Another process, which says on its output how far it is, and can be sent messages. Like a server, it is ended even if
 * this process is killed.
 */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #lines: string[] = [];
  #rest = '';
  #errors = '';
  #killed = false;

  constructor(child: ChildProcess) {
    this.#process = child;
    this.#closed = once(child, 'close');
    const pid = child.pid!;
    guarded({ watch: true, pid });
    child.once('exit', () => guarded({ watch: false, pid }));
    // A piece may end in the middle of a character.
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => this.#hear(piece));
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => (this.#errors += piece));
  }

  /** The whole lines that it has said. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Waits for a line that is, or matches, `line`, and gives it. @throws When it ends without. */
  async said(line: string | RegExp): Promise<string> {
    const find = (): string | undefined =>
      this.#lines.find((each) => (typeof line === 'string' ? each === line : line.test(each)));
    await until(`the child says ${String(line)}`, () => find() !== undefined || this.#hasEnded());
    const found = find();
    if (found === undefined) throw new Error(`ended without saying ${String(line)}: ${this.#errors}`);
    return found;
  }

  /** What it can receive is what `structuredClone` can copy. */
  send(message: unknown): void {
    // It may have ended meanwhile: whoever waits for an answer hears of that otherwise.
    this.#process.send(message as object, () => undefined);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#process.on('message', listener);
  }

  /** Waits until it ends by itself, and gives all lines that it has said. @throws When it failed or was killed. */
  async ended(): Promise<readonly string[]> {
    await this.#closed;
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== 0) throw new Error(`ended with ${exitCode ?? signalCode}: ${this.#errors}`);
    return this.#lines;
  }

  /** Ends it as a crash would (SIGKILL). @throws When it has ended by itself. */
  async kill(): Promise<void> {
    if (this.#hasEnded() && !this.#killed) throw new Error(`ended by itself: ${this.#errors}`);
    this.#killed = true;
    this.#process.kill('SIGKILL');
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded()) await this.kill();
  }

  #hear(text: string): void {
    const parts = (this.#rest + text).split('\n');
    this.#rest = parts.pop() ?? '';
    this.#lines.push(...parts);
  }

  #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }
}
