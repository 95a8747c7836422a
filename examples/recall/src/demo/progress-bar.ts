import type { WriteStream } from 'node:tty';

/** Draws how far a task has come: over itself on a terminal, in tenths of the way elsewhere. */
export class ProgressBar {
  readonly #label: string;
  readonly #total: number;
  readonly #stream: WriteStream;
  #lastTenth = -1;

  constructor(label: string, total: number, stream: WriteStream = process.stdout) {
    this.#label = label;
    this.#total = total;
    this.#stream = stream;
  }

  show(done: number): void {
    const share = this.#total === 0 ? 1 : Math.min(1, done / this.#total);
    const tenth = Math.floor(share * 10);
    if (!this.#stream.isTTY && tenth === this.#lastTenth) return;
    this.#lastTenth = tenth;
    const width = 30;
    const filled = Math.round(share * width);
    const bar = '█'.repeat(filled) + '░'.repeat(width - filled);
    const line = `  ${this.#label} ${bar} ${done}/${this.#total}`;
    this.#stream.write(this.#stream.isTTY ? `\r${line}${share === 1 ? '\n' : ''}` : `${line}\n`);
  }
}
