// Takes the write lock of a file and keeps it for so many milliseconds, or until it is killed: `<file> [<milliseconds>]`.
import { DatabaseSync } from 'node:sqlite';

const [file = '', forMs = '60000'] = process.argv.slice(2);
const database = new DatabaseSync(file);
database.exec('BEGIN IMMEDIATE');
process.stdout.write('locked\n');
setTimeout(() => database.close(), Number(forMs));
