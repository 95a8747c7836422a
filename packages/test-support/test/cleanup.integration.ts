import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { describeWithRedis, until } from '@holdfast/test-support';

const orphan = fileURLToPath(new URL('fixtures/orphan.ts', import.meta.url));

const refuses = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(false)).on('error', () => resolve(true));
    socket.on('connect', () => socket.destroy());
  });

describeWithRedis('startRedis in a test run that is killed', () => {
  it.each(['running', 'paused'])('leaves neither the %s server nor its folder behind', async (state) => {
    const child = spawn(process.execPath, ['--conditions=@holdfast/source', orphan, state], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { port, folder } = JSON.parse(line.toString()) as { port: number; folder: string };
    expect(existsSync(folder)).toBe(true);

    child.kill('SIGKILL');

    await until('the server is gone', () => refuses(port));
    await until('its folder is gone', () => !existsSync(folder));
  });
});
