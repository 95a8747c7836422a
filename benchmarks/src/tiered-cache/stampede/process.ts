// One of the processes: `<url> <callers> <load in milliseconds>`. Told of a library and a key, all its callers ask at once.
import { libraries, type Read } from './caches.ts';

const [url = '', callers = '', loadMs = ''] = process.argv.slice(2);
let loads = 0;
const load = async (): Promise<string> => {
  loads += 1;
  await new Promise((resolve) => setTimeout(resolve, Number(loadMs)));
  return 'x'.repeat(200);
};
const opened = Object.entries(libraries).map(([library, open]) => [library, open(url, load)] as const);
const reads = new Map<string, Read>(opened);

async function answer(library: string, key: string): Promise<void> {
  const before = loads;
  const read = reads.get(library);
  if (read === undefined) throw new Error(`nobody knows ${library}`);
  const answers = await Promise.all(Array.from({ length: Number(callers) }, () => read(key)));
  const right = answers.every((value) => value === 'x'.repeat(200));
  process.send?.({ key, loads: loads - before, right });
}

process.on('message', ({ library, key }: { library: string; key: string }) => void answer(library, key));
process.stdout.write('ready\n');
