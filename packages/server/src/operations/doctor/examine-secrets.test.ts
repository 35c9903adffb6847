import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client, ClientSecret } from '../../clients/client.ts';
import { examineSecrets } from './examine-secrets.ts';

const NOW_MS = 1_750_000_000_000;
const DAY_MS = 86_400_000;

const clientWith = (expiresAtMs: number | undefined): Client => {
  const secret = { id: 'one', expiresAtMs } as ClientSecret;
  return {
    id: 'planner',
    type: 'confidential',
    policy: { clientAuthentication: 'both' },
    disabledAtMs: undefined,
    secrets: [secret],
  } as unknown as Client;
};

for (const [what, expiresAtMs, doubtMs, found] of [
  ['that never expires', undefined, 0, 'every enabled client'],
  ['that lasts longer than two weeks', NOW_MS + 14 * DAY_MS + 1, 0, 'every enabled client'],
  ['that expires in two weeks', NOW_MS + 14 * DAY_MS, 0, 'within 14 days'],
  ['that expires now', NOW_MS, 0, 'locked out'],
  ['that only a doubt about the clock ended', NOW_MS - DAY_MS, 2 * DAY_MS, 'within 14 days'],
] as const) {
  void test(`a client with a secret ${what}: ${found}`, () => {
    const doubt = doubtMs === 0 ? undefined : { beforeMs: NOW_MS, byMs: doubtMs };
    const { finding } = examineSecrets([clientWith(expiresAtMs)], { nowMs: NOW_MS, doubt });
    assert.ok(finding.en.includes(found), finding.en);
  });
}

for (const [what, client] of [
  ['with keys', { keys: { jwks: { keys: [] } } }],
  ['that signs assertions', { policy: { clientAuthentication: 'private_key_jwt' } }],
  ['that has a certificate', { policy: { clientAuthentication: 'tls_client_auth' } }],
  ['that does not authenticate', { type: 'public' }],
  ['that is disabled', { disabledAtMs: NOW_MS }],
] as const)
  void test(`a client ${what} needs no secret`, () => {
    const without = { ...clientWith(NOW_MS), ...client } as unknown as Client;
    assert.equal(examineSecrets([without], { nowMs: NOW_MS, doubt: undefined }).verdict, 'ok');
  });
