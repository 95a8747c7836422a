import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '@holdfast/test-support';
import { describe, expect, it } from 'vitest';

import { startUpstream } from '../../src/embedding/upstream-server.ts';
import { theCorpus } from '../support/fixtures.ts';
import { sleep } from '../support/load.ts';
import { askAs, type LogLine } from '../support/service.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Running extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly lines: readonly LogLine[];
  readonly errors: () => string;
  /** Where it listens, once it does. */
  readonly url: () => Promise<string>;
  readonly exit: Promise<unknown>;
}

/** The service as an operator runs it. */
async function run(environment: Readonly<Record<string, string>>): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'recall-'));
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', main], {
    env: { PATH: process.env['PATH'], PORT: '0', RECALL_DATA: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: LogLine[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line) as LogLine));
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exit = once(child, 'exit').then(([code]) => code as unknown);
  return {
    child,
    folder,
    lines,
    errors: () => errors,
    url: async () => {
      const ready = (): LogLine | undefined => lines.find(({ msg }) => msg === 'recall is ready');
      await until('it is ready', () => ready() !== undefined || child.exitCode !== null);
      return String(ready()?.['url']);
    },
    exit,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exit;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asks on connections that are kept, as a proxy does; answers with the status, or with how the connection broke. */
function ask(url: string, agent: Agent, user: string): Promise<number | string> {
  return new Promise((resolve) => {
    const outgoing = request(`${url}/v1/search?q=walrus`, { agent, headers: { 'x-user-id': user } });
    const broke = (error: NodeJS.ErrnoException): void => resolve(error.code ?? 'broken');
    outgoing.on('error', broke);
    outgoing.on('response', (response) => {
      response.on('error', broke).resume();
      response.on('end', () => resolve(response.complete ? (response.statusCode ?? 0) : 'cut off'));
    });
    outgoing.end();
  });
}

describe('the process', () => {
  it('answers all that is sent to it until it says that it wants no more, closes its files and ends with 0', async () => {
    await using running = await run({});
    const url = await running.url();
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    const outcomes: Promise<number | string>[] = [];

    // As a load balancer does: it goes by /health/ready, and looks every now and then.
    let asked = 0;
    const asking = setInterval(() => {
      for (let each = 0; each < 2; each += 1) outcomes.push(ask(url, agent, `user-${(asked += 1) % 200}`));
    }, 10);
    await sleep(700);
    running.child.kill('SIGTERM');
    const before = asked;
    await until('it is not ready', async () => (await fetch(`${url}/health/ready`)).status === 503);
    await sleep(200);
    const last = await fetch(`${url}/health/ready`);
    clearInterval(asking);
    const code = await running.exit;
    agent.destroy();

    expect(code).toBe(0);
    expect(last.headers.get('connection')).toBe('close');
    expect(asked - before).toBeGreaterThan(20);
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set([200]));
    // A log of writes that SQLite left behind would mean that it was not closed.
    expect((await readdir(running.folder)).toSorted()).toEqual(['cache.db', 'jobs.db', 'recall.db']);
    expect(running.lines.map(({ msg }) => msg).slice(-2)).toEqual(['stopping', 'stopped']);
    expect(running.errors()).toBe('');
  });

  it('lets requests that are under way end, and keeps no idle connection waiting', async () => {
    await using upstream = await startUpstream({ embedder: theCorpus().embedder, serviceTimeMs: 0 });
    await using running = await run({ EMBEDDING_URL: upstream.url, DRAIN_MS: '0' });
    const url = await running.url();
    const ada = askAs(url, 'ada');
    await ada('POST', '/v1/items', { body: { title: 'walrus' } });
    await until('search ranks by meaning', async () => {
      await sleep(100);
      return (await ada('GET', '/v1/search?q=walrus')).body.embedding === 'remote';
    });
    await fetch(`${upstream.url}/dial`, { method: 'POST', body: JSON.stringify({ position: 'hanging' }) });
    const agent = new Agent({ keepAlive: true });
    const before = upstream.requests;

    // The model never answers, so each takes the half second that it is waited for.
    const slow = ['a', 'b', 'c'].map((word) => ada('GET', `/v1/search?q=walrus%20${word}`));
    await until('they are under way', () => upstream.requests === before + 3);
    const stoppedAt = performance.now();
    running.child.kill('SIGTERM');

    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await running.exit).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(3_000);
    agent.destroy();
  });

  it('stops though somebody holds a request open', async () => {
    await using running = await run({ DRAIN_MS: '0', STOP_MS: '300' });
    const url = await running.url();
    const half = request(`${url}/v1/items`, {
      method: 'POST',
      headers: { 'x-user-id': 'ada', 'content-type': 'application/json', 'content-length': 1_000 },
    });
    half.on('error', () => undefined);
    half.write('{"title":');
    await sleep(100);

    running.child.kill('SIGTERM');

    expect(await running.exit).toBe(0);
  });

  it.each([
    ['PORT', 'http', /^recall: PORT must be a whole number from 0 to 65535, got 'http'\n$/],
    ['LOG_LEVEL', 'loud', /^recall: LOG_LEVEL must be one of .*, got 'loud'\n$/],
    [
      'DATABASE_URL',
      'mysql://ada:hunter2@db/x',
      /^recall: DATABASE_URL must be .*, got 'mysql:\/\/\*\*\*@db\/x'\n$/,
    ],
    ['HOST', '192.0.2.1', /^recall: listen EADDRNOTAVAIL: .*192\.0\.2\.1\n$/],
  ])('ends with 1 and a line if it cannot start with %s=%s', async (name, value, line) => {
    await using running = await run({ [name]: value });

    expect(await running.exit).toBe(1);
    expect(running.errors()).toMatch(line);
  });

  it('ends with 1 and a line if its port is taken, or its folder is no folder', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    await using one = await run({ PORT: String(port) });
    await using other = await run({ RECALL_DATA: main });

    expect([await one.exit, await other.exit]).toEqual([1, 1]);
    expect(one.errors()).toBe(`recall: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`);
    expect(other.errors()).toMatch(/^recall: EEXIST: .*\n$/);
    server.close();
  });
});
