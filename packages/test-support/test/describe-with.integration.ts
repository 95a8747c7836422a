import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const vitest = join(dirname(fileURLToPath(import.meta.resolve('vitest/package.json'))), 'vitest.mjs');
const suite = fileURLToPath(new URL('fixtures/no-server/suite.ts', import.meta.url));
const config = fileURLToPath(new URL('fixtures/no-server/vitest.config.ts', import.meta.url));
const root = dirname(suite);

/** Where the runner may leave what it likes. */
let home: string;
beforeAll(async () => void (home = await mkdtemp(join(tmpdir(), 'holdfast-'))));
afterAll(() => rm(home, { recursive: true }));

/** Runs a suite that needs a Redis where there is none. */
function runWithout(environment: Record<string, string>): Promise<{ code: number | string; output: string }> {
  const args = [vitest, 'run', suite, '--root', root, '--config', config];
  const nowhere = { PATH: '', DOCKER_HOST: 'tcp://127.0.0.1:1', HOME: home, NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd: root, env: { ...nowhere, ...environment } },
      (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, output: stdout + stderr });
      },
    );
  });
}

describe('describeWithRedis where there is no Redis', () => {
  it('skips the suite and says why', async () => {
    const { code, output } = await runWithout({});
    expect(output).toContain('skipped, no Redis: set HOLDFAST_TEST_REDIS_URL');
    expect(output).toContain('1 skipped');
    expect(code).toBe(0);
  });

  it('fails the suite with CI set', async () => {
    const { code, output } = await runWithout({ CI: 'true' });
    expect(output).toContain('no Redis: set HOLDFAST_TEST_REDIS_URL');
    expect(output).toContain('1 failed');
    expect(code).toBe(1);
  });
});
