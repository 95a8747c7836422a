import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the ports that Linux, macOS and Windows give to outgoing connections: nobody takes the port of a
// server that a test has stopped.
const lowest = 20_000;
const highest = 32_000;

// One per process: servers that start at the same time take their ports only a moment after they were found free.
const given = new Set<number>();

/** `count` loopback ports that nobody listens on, and that were not given out before. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

/** One loopback port that nobody listens on. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
