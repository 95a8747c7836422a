import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

function run(script: string, flags: readonly string[], parameters: readonly string[] = []) {
  const path = fileURLToPath(new URL(`./children/${script}`, import.meta.url));
  const all = ['--conditions=@holdfast/source', '--no-warnings', ...flags, path, ...parameters];
  return spawnSync(process.execPath, all, { encoding: 'utf8' });
}

describe('a process that uses a dedupe', () => {
  it('survives every failure that nobody waits for', { timeout: 60_000 }, () => {
    const { status, stdout, stderr } = run('strict.ts', ['--unhandled-rejections=strict']);

    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'survived\n', stderr: '' });
  });

  it('ends by a failure that its caller does not handle', { timeout: 60_000 }, () => {
    const { status, stderr } = run('strict.ts', ['--unhandled-rejections=strict'], ['--forget']);

    expect(status).not.toBe(0);
    expect(stderr).toContain('not handled');
  });

  it('keeps nothing of calls that have ended', { timeout: 60_000 }, () => {
    const { status, stdout } = run('heap.ts', ['--expose-gc']);
    const [bytesPerCall, inFlight] = stdout.split('\n').map(Number);

    expect(status).toBe(0);
    expect(bytesPerCall).toBeLessThan(8);
    expect(inFlight).toBe(0);
  });
});
