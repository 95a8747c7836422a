import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';

import { subjects } from './children/policies.ts';

interface Finding {
  readonly name: string;
  readonly listeners: number;
  readonly handles: string;
  readonly bytesPerCall: number;
}

/** Of each policy: enough for what the engine keeps once to count for little. `HOLDFAST_LEAK_CALLS` asks for more. */
const callsPerRound = Number(process.env['HOLDFAST_LEAK_CALLS'] ?? 10_000);

async function run(script: string, flags: readonly string[], parameters: readonly string[] = []) {
  const path = join(import.meta.dirname, 'children', script);
  const all = ['--conditions=@holdfast/source', '--no-warnings', ...flags, path, ...parameters];
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { stdout, stderr, code };
}

describe('after calls that ended in every way', () => {
  it(
    'invariant 37: nothing stays behind: no listener, no handle, no memory, no unhandled rejection',
    { timeout: 600_000 },
    async () => {
      const flags = ['--expose-gc', '--unhandled-rejections=strict'];

      const { stdout, stderr, code } = await run('leaks.ts', flags, [String(callsPerRound)]);

      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const findings = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Finding);
      expect(findings.map(({ name, listeners, handles }) => ({ name, listeners, handles }))).toEqual(
        subjects.map(({ name }) => ({ name, listeners: 0, handles: 'as before' })),
      );
      // An object that is kept is some dozens of bytes.
      expect(findings.filter(({ bytesPerCall }) => bytesPerCall > 16)).toEqual([]);
    },
  );
});
