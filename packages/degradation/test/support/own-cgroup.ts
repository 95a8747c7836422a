import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Controllers of version 1 have a hierarchy each. */
const mounts = { cpu: ['cpu', 'cpuacct'], memory: ['memory'] } as const;
const root = '/sys/fs/cgroup';

/** A control group of the machine's own kernel, for a process that enters it by itself. */
export class OwnGroup implements Disposable {
  readonly directories: readonly string[];

  private constructor(directories: readonly string[]) {
    this.directories = directories;
  }

  /** `undefined` where this process may not make one, as in most containers. */
  static make(
    controller: keyof typeof mounts,
    limits: Readonly<Record<string, string>>,
  ): OwnGroup | undefined {
    const directories = mounts[controller].map((each) => join(root, each, `holdfast-test-${process.pid}`));
    if (!mounts[controller].every((each) => existsSync(join(root, each)))) return undefined;
    try {
      for (const directory of directories) mkdirSync(directory, { recursive: true });
      const [limited = ''] = directories;
      for (const [file, limit] of Object.entries(limits)) writeFileSync(join(limited, file), limit);
      return new OwnGroup(directories);
    } catch {
      remove(directories);
      return undefined;
    }
  }

  /** Once no process is in it any more. */
  [Symbol.dispose](): void {
    remove(this.directories);
  }
}

function remove(directories: readonly string[]): void {
  for (const directory of directories) if (existsSync(directory)) rmdirSync(directory);
}
