import { type Child, startChild, until } from '@holdfast/test-support';

const kills = 12;
const betweenKills = 100;

/**
 * Starts a script in so many processes, kills and replaces one of them at a time as they go on, and returns the words of all
 * lines that they said.
 */
export async function killedAndReplaced(
  script: URL,
  parameters: readonly string[],
  processes: number,
): Promise<readonly (readonly string[])[]> {
  const started: Child[] = [];
  const running: Child[] = [];
  const start = (): Child => {
    const child = startChild(script, parameters);
    started.push(child);
    return child;
  };
  const said = (): number => started.reduce((sum, { lines }) => sum + lines.length, 0);
  try {
    for (let i = 0; i < processes; i += 1) running.push(start());
    for (let kill = 0; kill < kills; kill += 1) {
      const before = said();
      await until('they are admitted', () => said() >= before + betweenKills);
      const at = (kill * 5) % processes;
      await (running[at] as Child).kill();
      running[at] = start();
    }
  } finally {
    for (const child of running) await child[Symbol.asyncDispose]();
  }
  return started.flatMap(({ lines }) => lines.map((line) => line.split(' ')));
}
