import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '@holdfast/test-support';

import { aService, type ServiceFixture } from '../support/service.ts';

let fixture: ServiceFixture;
beforeAll(async () => {
  fixture = await aService();
  const ask = fixture.as('ada-lovelace');
  await ask('POST', '/v1/items', { body: { title: 'Walrus' } });
  await ask('GET', '/v1/search?q=walrus');
  await ask('GET', '/v1/items/nothing');
});
afterAll(() => fixture[Symbol.asyncDispose]());

// oxlint-disable-next-line typescript/no-explicit-any -- tests look at whatever came
const bodyOf = (response: Response): Promise<any> => response.json();
const get = (path: string): Promise<Response> => fetch(fixture.service.url + path);

describe('GET /health', () => {
  it('tells of each part, as health+json, and is not to be kept', async () => {
    await until('all was checked', async () => (await bodyOf(await get('/health'))).status === 'pass');

    const response = await get('/health');

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/health\+json\b/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { checks } = await bodyOf(response);
    expect(Object.keys(checks)).toEqual([
      'database:read',
      'database:state',
      'embedding:state',
      'recall:tiers',
      'recall:level',
    ]);
  });

  it.each(['/health/live', '/health/ready'])('%s says pass', async (path) => {
    const response = await get(path);

    expect(response.status).toBe(200);
    expect(await bodyOf(response)).toEqual({ status: 'pass' });
  });
});

describe('GET /metrics', () => {
  it('counts requests by route and outcome, and never by user', async () => {
    const response = await get('/metrics');
    const text = await response.text();

    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(
      /^http_server_requests_total\{http_request_method="POST",http_route="\/v1\/items",outcome="success"\} 1$/m,
    );
    expect(text).toMatch(/http_route="\/v1\/items\/:id",outcome="client_error"\} 1$/m);
    expect(text).toMatch(/^http_server_request_duration_seconds_bucket\{.*le="0\.5".*\} \d+$/m);
    expect(text).not.toContain('lovelace');
    expect(text).not.toContain('/health');
  });

  it('tells of every part of the service', async () => {
    const text = await (await get('/metrics')).text();

    const told = [
      /^resilience_cache_lookups_total\{cache="recall",/m,
      /^resilience_circuit_breaker_calls_total\{name="database",/m,
      /^resilience_circuit_breaker_calls_total\{name="embedding",/m,
      /^resilience_bulkhead_\w+\{name="database"/m,
      /^resilience_jobs\{queue="embedding",/m,
      /^resilience_rate_limiter_decisions_total\{limiter="requests",/m,
      /^resilience_pipeline_calls_total\{name="requests",outcome="success"\} 2$/m,
      /^process_cpu_seconds_total /m,
    ];
    expect(told.filter((series) => !series.test(text))).toEqual([]);
  });
});

describe('GET /alerts', () => {
  it('tells what fires and what has', async () => {
    const response = await get('/alerts');

    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(await bodyOf(response)).toEqual({ active: [], history: [] });
  });
});

describe('GET /sla', () => {
  it('holds every request against what was promised', async () => {
    const report = await bodyOf(await get('/sla'));

    expect(report.objectives.map(({ name }: { name: string }) => name)).toEqual([
      'availability',
      'error-rate',
      'latency-p95',
      'latency-p99',
    ]);
    const [{ windows }] = report.objectives;
    expect(windows[0]).toMatchObject({ window: '5m', events: 3, bad: 0 });
  });
});
