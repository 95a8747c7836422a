import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A directory with the files of `proc` and `sys` that a test gives, for what reads them from there. */
export class FakeSystem implements Disposable {
  readonly rootDirectory: string = mkdtempSync(join(tmpdir(), 'holdfast-degradation-'));

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  write(path: string, content: string): void {
    const file = join(this.rootDirectory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${content}\n`);
  }

  remove(path: string): void {
    rmSync(join(this.rootDirectory, path), { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.rootDirectory, { recursive: true });
  }
}
