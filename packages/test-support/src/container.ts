import type { StartedTestContainer } from 'testcontainers';

import type { Server, StartOptions } from './server.ts';
import { until } from './until.ts';

export interface ContainerOptions {
  readonly image: string;
  readonly innerPort: number;
  readonly port: number;
  readonly url: (host: string) => string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly ready: (port: number, host: string) => Promise<boolean>;
  readonly data: 'kept' | 'empty';
}

/** The host where a container engine publishes ports; `undefined` if there is no engine. */
export async function containerHost(): Promise<string | undefined> {
  try {
    const { getContainerRuntimeClient } = await import('testcontainers');
    return (await getContainerRuntimeClient()).info.containerRuntime.host;
  } catch {
    return undefined;
  }
}

/** A server in a container, on a port of the host that stays the same when it starts again. */
export class ContainerServer implements Server {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly controllable = true;
  readonly #options: ContainerOptions;
  #container: StartedTestContainer | undefined;
  #running = false;
  #paused = false;

  constructor(host: string, options: ContainerOptions) {
    this.#options = options;
    this.host = host;
    this.port = options.port;
    this.url = options.url(host);
  }

  async start(options?: StartOptions): Promise<void> {
    if (this.#running) return;
    const { data, ready } = this.#options;
    if ((options?.data ?? data) === 'empty') await this.#remove();
    if (this.#container === undefined) this.#container = await this.#create();
    else await (await this.#engine()).start();
    this.#running = true;
    await until(`${this.url} answers`, () => ready(this.port, this.host), 60_000);
  }

  async stop(): Promise<void> {
    if (this.#paused) await this.resume();
    if (!this.#running) return;
    await (await this.#engine()).stop();
    this.#running = false;
  }

  async kill(): Promise<void> {
    if (!this.#running) return;
    if (this.#paused) await this.resume();
    await (await this.#engine()).kill();
    this.#running = false;
  }

  async pause(): Promise<void> {
    await (await this.#engine()).pause();
    this.#paused = true;
  }

  async resume(): Promise<void> {
    await (await this.#engine()).unpause();
    this.#paused = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#paused) await this.resume();
    await this.#remove();
  }

  async #create(): Promise<StartedTestContainer> {
    const { GenericContainer } = await import('testcontainers');
    const { image, innerPort, port, command, environment } = this.#options;
    return new GenericContainer(image)
      .withExposedPorts({ container: innerPort, host: port })
      .withEnvironment({ ...environment })
      .withCommand([...command])
      .start();
  }

  async #remove(): Promise<void> {
    const container = this.#container;
    this.#container = undefined;
    this.#running = false;
    await container?.stop({ remove: true, removeVolumes: true });
  }

  /** The engine's own view of the container: testcontainers can neither pause one nor start it again. */
  async #engine(): Promise<{
    [action in 'start' | 'stop' | 'kill' | 'pause' | 'unpause']: () => Promise<unknown>;
  }> {
    if (this.#container === undefined) throw new Error(`${this.url} is not running`);
    const { getContainerRuntimeClient } = await import('testcontainers');
    return (await getContainerRuntimeClient()).container.getById(this.#container.getId());
  }
}
