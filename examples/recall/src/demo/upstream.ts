import type { DialPosition } from '../embedding/dial.ts';
import { Child } from './child.ts';

/** The embedding service that the demo depends on and breaks. */
export class DemoUpstream implements AsyncDisposable {
  readonly url: string;
  readonly #child: Child;

  private constructor(child: Child, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(): Promise<DemoUpstream> {
    const child = new Child('../embedding/upstream-main.ts');
    const { url } = JSON.parse(await child.line()) as { url: string };
    return new DemoUpstream(child, url);
  }

  /** From here on the upstream behaves like that. */
  async turn(position: DialPosition): Promise<void> {
    const body = JSON.stringify({ position });
    const response = await fetch(`${this.url}/dial`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    if (!response.ok) throw new Error(`the upstream answered ${response.status} to its dial`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}
