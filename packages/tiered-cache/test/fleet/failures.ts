import { type RedisServer, until } from '@holdfast/test-support';

import { keyOf } from './keys.ts';
import { tierTimeoutMs } from './promptness.ts';
import { type Detour, Site } from './site.ts';

export interface Scene {
  readonly server: RedisServer;
  readonly site: Site;
  /** The way that all processes take. */
  readonly detour: Detour;
  /** What every key of theirs begins with. */
  readonly prefix: string;
  /** How many processes there are. */
  readonly size: number;
}

export type Turn = (scene: Scene) => Promise<unknown>;
export type Failure = readonly [what: string, begin: Turn, end: Turn];

const config =
  (name: string, value: string): Turn =>
  ({ site }) =>
    site.admin.config('SET', name, value);
const acl =
  (...rules: readonly string[]): Turn =>
  ({ site }) =>
    site.admin.acl('SETUSER', 'default', ...rules);
const heal: Turn = ({ detour }) => detour.heal();
const becomeReplica: Turn = ({ site }) => site.admin.replicaof('127.0.0.1', 1);
const becomePrimary: Turn = ({ site }) => site.admin.replicaof('NO', 'ONE');
/** What was in the way is replaced by whoever needs the place. */
const nothing: Turn = async () => undefined;

/** What can be wrong with a server, or with the way to it. */
export const failures: readonly Failure[] = [
  ['refuses connections', ({ detour }) => detour.cut(), heal],
  ['swallows everything', async ({ detour }) => detour.blackhole(), heal],
  ['answers at the last moment', async ({ detour }) => detour.delay(tierTimeoutMs - 10), heal],
  ['is frozen', ({ server }) => server.pause(), ({ server }) => server.resume()],
  ['is paused', ({ site }) => site.admin.client('PAUSE', 2_000, 'ALL'), ({ site }) => site.admin.ping()],
  [
    'is paused for writes',
    ({ site }) => site.admin.client('PAUSE', 60_000, 'WRITE'),
    ({ site }) => site.admin.client('UNPAUSE'),
  ],
  ['is busy with a script', occupy, ({ site }) => site.admin.script('KILL')],
  ['has become a replica', becomeReplica, becomePrimary],
  [
    'is a replica without a primary',
    async (scene) => {
      await config('replica-serve-stale-data', 'no')(scene);
      await becomeReplica(scene);
    },
    becomePrimary,
  ],
  ['has no memory left', config('maxmemory', '1'), config('maxmemory', '0')],
  ['asks for a password', config('requirepass', 'secret'), config('requirepass', '')],
  ['forbids scripts', acl('-@scripting'), acl('+@scripting')],
  ['forbids everything', acl('-@all', '+acl'), acl('+@all')],
  ['forbids the keys', acl('resetkeys', '~other'), acl('resetkeys', '~*')],
  ['loads its data', reload, ({ site }) => untilAnswers(site, 'PONG')],
  ["holds somebody else's lists under the names of our log", put('list', booksOf), removeBooks],
  ["holds somebody else's lists under the names of our values", put('list', namesOf('v')), nothing],
  ["holds somebody else's lists under the names of our leases", put('list', namesOf('l')), nothing],
  ["holds somebody else's texts under the names of our leases", put('text', namesOf('l')), nothing],
];

/** Of a server that takes a second or two to load some hundred keys. */
export const slowToLoad: Readonly<Record<string, string>> = {
  'key-load-delay': '5000',
  'loading-process-events-interval-bytes': '1024',
};

/** Makes the server run a script for ever, on a connection that nobody else uses. */
async function occupy({ server, site }: Scene): Promise<void> {
  await using other = Site.alone(server);
  await site.admin.config('SET', 'busy-reply-threshold', '1');
  other.admin.eval('while true do end', 0).catch(() => undefined);
  await untilAnswers(site, 'BUSY');
}

async function reload({ server, site }: Scene): Promise<void> {
  const filling = site.admin.pipeline();
  for (let index = 0; index < 300; index += 1) filling.set(`ballast ${index}`, index);
  await filling.exec();
  await site.admin.save();
  await server.stop();
  server.start({ data: 'kept' }).catch(() => undefined);
  await untilAnswers(site, 'LOADING');
}

async function untilAnswers({ admin }: Site, start: string): Promise<void> {
  await until(`the server answers ${start}`, async () => {
    const answer = await admin.ping().catch((error: Error) => error.message);
    return answer.startsWith(start);
  });
}

type NamesIn = (scene: Scene) => readonly string[];

function booksOf({ prefix }: Scene): readonly string[] {
  return ['log', 'meta', 'tags'].map((name) => `{${prefix}/shop}:${name}`);
}

/** Of values or leases that are asked for. */
function namesOf(kind: 'v' | 'l'): NamesIn {
  return ({ prefix, size }) => {
    const processes = Array.from({ length: size }, (_, who) => who);
    const keys = processes.flatMap((who) => ['held', 'read 0', 'many'].map((name) => keyOf(who, name)));
    return keys.map((key) => `${prefix}/shop:${kind}:{${key}}`);
  };
}

function put(what: 'list' | 'text', namesIn: NamesIn): Turn {
  return async (scene) => {
    const names = namesIn(scene);
    // At once: what is missing is made anew by whoever looks.
    const putting = scene.site.admin.multi().unlink(...names);
    for (const name of names) {
      if (what === 'list') putting.lpush(name, 'foreign');
      else putting.set(name, 'foreign');
    }
    await putting.exec();
  };
}

/** Where the log should be nobody may put anything else. */
async function removeBooks(scene: Scene): Promise<void> {
  await scene.site.admin.unlink(...booksOf(scene));
}
