// Takes the write lock of a file and keeps it until it is killed: `<file>`.
import { engine } from '../../../src/sqlite/engine.ts';

const database = (await engine()).open(process.argv[2] ?? '');
database.exec('BEGIN IMMEDIATE');
process.stdout.write('locked\n');
setInterval(() => undefined, 60_000);
