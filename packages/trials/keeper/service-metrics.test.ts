import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { armFault } from '@keyfob/sandbox';
import { changeGrantIn } from './change-grant-in.ts';
import { servedWorldFor } from './service-world.ts';
import type { ServedWorld } from './service-world.ts';
import { secretOf } from './webhook-receiver.ts';

const tokenOf = (name: string): string => `/v1/tokens/${encodeURIComponent(name)}`;

/** The values of the metrics, by name with labels. */
const metricsOf = async (served: ServedWorld): Promise<ReadonlyMap<string, number>> => {
  const { status, text } = await served.ask('GET', '/metrics');
  assert.equal(status, 200);
  return new Map(
    text
      .split('\n')
      .filter((line) => line.startsWith('keyfob_keeper_'))
      .map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))] as const;
      }),
  );
};

describe('the service: metrics', () => {
  it('every known combination of labels begins at 0', async (scope) => {
    const served = await servedWorldFor(
      scope,
      'smartcar',
      {},
      {
        webhooks: [{ name: 'crm', url: 'https://crm.example/', secrets: [secretOf(1)] }],
      },
    );
    const metrics = await metricsOf(served);
    const zero = [
      'refreshes_total{provider="smartcar",client="cars",class="usable"}',
      'refreshes_total{provider="smartcar",client="cars",class="grant_rejected"}',
      'refresh_duration_seconds_count{provider="smartcar"}',
      'recovered_total{client="cars",way="repeat"}',
      'deaths_total{client="cars",cause="lost_response"}',
      'avoidable_losses_total{client="cars"}',
      'grants{client="cars",state="active"}',
      'grants{client="cars",state="dead"}',
      'dead_grants{cause="revoked"}',
      'connections',
      'due_lag_seconds{client="cars"}',
      'uncertain_age_seconds',
      'refresh_tokens_ending{days="14"}',
      'waiting_requests',
      'client_stopped{client="cars"}',
      'clock_skew_seconds{client="cars"}',
      'webhook_attempts_total{endpoint="crm",outcome="given_up"}',
      'webhook_waiting{endpoint="crm"}',
      'requests_total{route="GET /v1/tokens/{name}",status="409"}',
      'store_failures_total',
      'spooled_answers_total',
      'quarantined',
    ];
    for (const name of zero) assert.equal(metrics.get(`keyfob_keeper_${name}`), 0, name);
    assert.equal(metrics.get('keyfob_keeper_ready'), 1);
  });

  it('counts what happens to grants, and nothing of it twice', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    await served.putCar('gone');
    await changeGrantIn(served, 'revoke');
    await served.ask('GET', tokenOf('gone'));
    await served.putCar('lucky');
    armFault(served.world, { do: { loseAnswer: 'afterCommit' } });
    assert.equal((await served.ask('GET', `${tokenOf('lucky')}?wait=60`)).status, 200);
    const metrics = await metricsOf(served);
    const expected: Record<string, number> = {
      'refreshes_total{provider="smartcar",client="cars",class="usable"}': 1,
      'refreshes_total{provider="smartcar",client="cars",class="grant_rejected"}': 1,
      'recovered_total{client="cars",way="repeat"}': 1,
      'deaths_total{client="cars",cause="revoked"}': 1,
      'avoidable_losses_total{client="cars"}': 0,
      'grants{client="cars",state="active"}': 1,
      'grants{client="cars",state="dead"}': 1,
      'dead_grants{cause="revoked"}': 1,
      connections: 2,
      'refresh_tokens_ending{days="30"}': 0,
      'refresh_tokens_ending{days="90"}': 1,
      'requests_total{route="GET /v1/tokens/{name}",status="200"}': 1,
      'requests_total{route="GET /v1/tokens/{name}",status="409"}': 1,
    };
    for (const [name, value] of Object.entries(expected))
      assert.equal(metrics.get(`keyfob_keeper_${name}`), value, name);
  });

  it('needs a key with the scope, and says nothing of a connection', async (scope) => {
    const served = await servedWorldFor(scope, 'smartcar');
    await served.putCar('secret-name');
    const key = await served.keyFor(['tokens:read', 'grants:read', 'grants:write']);
    assert.equal((await served.ask('GET', '/metrics', { key })).status, 403);
    assert.equal((await served.ask('GET', '/metrics', { key: undefined })).status, 401);
    assert.ok(!(await served.ask('GET', '/metrics')).text.includes('secret-name'));
  });
});
