import type { Commands, ScriptArgument } from './client.ts';
import type { Script } from './script.ts';

/** Most calls of one run, so that no run keeps the server from others for long. */
const maxCalls = 100;

interface Batch {
  readonly keys: string[];
  readonly args: ScriptArgument[];
  calls: number;
  readonly answers: Promise<readonly unknown[]>;
}

/**
 * Joins the calls of a script that are made in the same turn into one run. The script takes any number of calls, each with
 * as many keys and arguments as the others, and answers each. On a Cluster a call is a run, as its keys lie in one slot.
 */
export class JoinedScript {
  readonly #script: Script;
  #batch: Batch | undefined;

  constructor(script: Script) {
    this.#script = script;
  }

  async call(client: Commands, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown> {
    if (client.isCluster === true) {
      const answers = (await this.#script.run(client, keys, args)) as readonly unknown[];
      return answers[0];
    }
    const batch = (this.#batch ??= this.#open(client));
    const index = batch.calls;
    batch.calls += 1;
    batch.keys.push(...keys);
    batch.args.push(...args);
    if (batch.calls === maxCalls) this.#batch = undefined;
    return (await batch.answers)[index];
  }

  #open(client: Commands): Batch {
    const keys: string[] = [];
    const args: ScriptArgument[] = [];
    return { keys, args, calls: 0, answers: this.#run(client, keys, args) };
  }

  async #run(client: Commands, keys: string[], args: ScriptArgument[]): Promise<readonly unknown[]> {
    // What is ready to run now has its say before the batch closes.
    await Promise.resolve();
    if (this.#batch?.keys === keys) this.#batch = undefined;
    return (await this.#script.run(client, keys, args)) as readonly unknown[];
  }
}
