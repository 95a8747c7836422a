import { describe, expect, it } from 'vitest';

import { readConfig } from '../../src/service/config.ts';

const redisRule =
  'a URL of the form redis://host:port or rediss://host:port, perhaps with a password and the number of a database';
const postgresRule = 'a URL of the form postgres://user:password@host:port/database';
const httpRule = 'a URL of the form http://host:port or https://host:port';

describe('readConfig', () => {
  it('needs nothing, and then needs no server', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 3_000,
      dataDirectory: '.recall',
      redisUrl: undefined,
      databaseUrl: undefined,
      embedding: undefined,
      answerTtlMs: 3_600_000,
      memoryTtlMs: 300_000,
      limits: { windowMs: 60_000, user: 100, expensive: 20, global: 12_000 },
      drainMs: 500,
      stopMs: 12_000,
      logLevel: 'info',
      warnings: [],
    });
  });

  it('takes an empty variable for one that is not there', () => {
    const names = [
      'HOST',
      'PORT',
      'REDIS_URL',
      'DATABASE_URL',
      'EMBEDDING_URL',
      'LOG_LEVEL',
      'RECALL_PROFILE',
    ];

    expect(readConfig(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(readConfig({}));
  });

  it.each([
    ['HOST', '0.0.0.0', { host: '0.0.0.0' }],
    ['PORT', '0', { port: 0 }],
    ['PORT', '65535', { port: 65_535 }],
    ['RECALL_DATA', '/var/lib/recall', { dataDirectory: '/var/lib/recall' }],
    ['RECALL_PROFILE', 'small', { limits: expect.objectContaining({ global: 1_000 }) }],
    ['LOG_LEVEL', 'silent', { logLevel: 'silent' }],
    ['DRAIN_MS', '0', { drainMs: 0 }],
    ['STOP_MS', '600000', { stopMs: 600_000 }],
    ['REDIS_URL', 'redis://localhost', { redisUrl: 'redis://localhost' }],
    ['REDIS_URL', 'redis://:secret@[::1]:6379/15', { redisUrl: 'redis://:secret@[::1]:6379/15' }],
    ['REDIS_URL', 'rediss://ada:secret@cache:6380', { redisUrl: 'rediss://ada:secret@cache:6380' }],
    ['DATABASE_URL', 'postgres://ada:s@db/recall', { databaseUrl: 'postgres://ada:s@db/recall' }],
    ['DATABASE_URL', 'postgresql://db:5432/recall?sslmode=require', { databaseUrl: expect.any(String) }],
    ['EMBEDDING_URL', 'https://api.openai.com', { embedding: expect.objectContaining({ dimensions: 512 }) }],
  ])('takes %s=%s', (name, value, expected) => {
    expect(readConfig({ [name]: value })).toMatchObject({ ...expected, warnings: [] });
  });

  it('hands key and model to the embedding service', () => {
    const { embedding } = readConfig({
      EMBEDDING_URL: 'http://127.0.0.1:9000/proxy',
      EMBEDDING_KEY: 'secret',
      EMBEDDING_MODEL: 'mine',
    });

    expect(embedding).toEqual({
      baseUrl: 'http://127.0.0.1:9000/proxy',
      apiKey: 'secret',
      model: 'mine',
      dimensions: 512,
    });
  });

  it.each([
    ['PORT', 'http', "PORT must be a whole number from 0 to 65535, got 'http'"],
    ['PORT', '65536', 'PORT must be a whole number from 0 to 65535, got 65536'],
    ['PORT', '-1', "PORT must be a whole number from 0 to 65535, got '-1'"],
    ['PORT', '0x10', "PORT must be a whole number from 0 to 65535, got '0x10'"],
    ['PORT', '1e3', "PORT must be a whole number from 0 to 65535, got '1e3'"],
    ['DRAIN_MS', 'soon', "DRAIN_MS must be a whole number from 0 to 60000, got 'soon'"],
    ['STOP_MS', '1s', "STOP_MS must be a whole number from 0 to 600000, got '1s'"],
    ['RECALL_PROFILE', 'huge', "RECALL_PROFILE must be one of 'default', 'small', got 'huge'"],
    [
      'LOG_LEVEL',
      'loud',
      "LOG_LEVEL must be one of 'trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent', got 'loud'",
    ],
    ['DATABASE_URL', 'mysql://db/recall', `DATABASE_URL must be ${postgresRule}, got 'mysql://db/recall'`],
    ['DATABASE_URL', 'postgres://db', `DATABASE_URL must be ${postgresRule}, got 'postgres://db'`],
    ['DATABASE_URL', 'postgres:db/recall', `DATABASE_URL must be ${postgresRule}, got 'postgres:db/recall'`],
  ])('refuses to start with %s=%s', (name, value, message) => {
    expect(() => readConfig({ [name]: value })).toThrow(
      expect.objectContaining({ message, code: 'ERR_INVALID_OPTION', option: name }),
    );
  });

  it.each([
    ['REDIS_URL', 'localhost:6379', `REDIS_URL must be ${redisRule}, got 'localhost:6379'`],
    ['REDIS_URL', 'redis:6379', `REDIS_URL must be ${redisRule}, got 'redis:6379'`],
    ['REDIS_URL', 'redis://', `REDIS_URL must be ${redisRule}, got 'redis://'`],
    ['REDIS_URL', 'redis://h:99999', `REDIS_URL must be ${redisRule}, got 'redis://h:99999'`],
    ['REDIS_URL', 'redis://h/first', `REDIS_URL must be ${redisRule}, got 'redis://h/first'`],
    ['REDIS_URL', 'http://cache:6379', `REDIS_URL must be ${redisRule}, got 'http://cache:6379'`],
    ['EMBEDDING_URL', 'api.openai.com', `EMBEDDING_URL must be ${httpRule}, got 'api.openai.com'`],
    ['EMBEDDING_URL', 'ftp://model', `EMBEDDING_URL must be ${httpRule}, got 'ftp://model'`],
  ])('runs without a server that cannot be meant: %s=%s', (name, value, warning) => {
    const config = readConfig({ [name]: value });

    expect(config).toEqual({ ...readConfig({}), warnings: [`${warning}; the service runs without it`] });
  });

  it.each([
    ['REDIS_URL', 'redis//:hunter2@cache', '***@cache'],
    ['REDIS_URL', 'http://ada:hunter2@cache', 'http://***@cache'],
    ['REDIS_URL', 'redis://:hun/ter2@cache:x', 'redis://***@cache:x'],
    ['REDIS_URL', 'redis://:p@hunter2@cache:x', 'redis://***@cache:x'],
    ['REDIS_URL', 'redis://cache:x?password=hunter2', 'redis://cache:x?***'],
    ['REDIS_URL', 'redis://:hun\nter2@cache:x', 'redis://***@cache:x'],
    ['DATABASE_URL', 'mysql://ada:hunter2@db/recall', 'mysql://***@db/recall'],
    ['DATABASE_URL', 'ada:hunter2@db/recall', '***@db/recall'],
    ['EMBEDDING_URL', 'http://ada:hunter2@model', 'http://***@model'],
  ])('shows no password that is in %s=%s', (name, value, shown) => {
    const told = (): string => {
      try {
        return readConfig({ [name]: value }).warnings.join();
      } catch (error) {
        return (error as Error).message;
      }
    };

    expect(told()).toContain(`got '${shown}'`);
    expect(told()).not.toMatch(/hun|ter2|ada/);
  });
});
