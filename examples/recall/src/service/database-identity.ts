import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Config } from './config.ts';
import { itemsFile } from './database.ts';

/**
 * Tells databases apart, in 16 hexadecimal digits. Revisions mean something within one database alone, so what is cached
 * of one must never answer for another: not after the address was changed, nor for another service on the same Redis.
 */
export async function identityOf(config: Config): Promise<string> {
  const { databaseUrl } = config;
  const described =
    databaseUrl === undefined ? await describeFile(itemsFile(config)) : describeServer(new URL(databaseUrl));
  return createHash('sha256').update(described).digest('hex').slice(0, 16);
}

/** This very file: one that is put in its place is another one. */
async function describeFile(file: string): Promise<string> {
  const { dev, ino, birthtimeMs } = await stat(file);
  return JSON.stringify([hostname(), dev, ino, birthtimeMs]);
}

/** Whoever logs in, with whatever password, sees the same data. */
const describeServer = ({ host, pathname }: URL): string => JSON.stringify([host, pathname]);
