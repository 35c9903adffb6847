import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client, ClientSecret } from '../exports/clients.ts';
import { parseConfig } from '../exports/index.ts';
import { examineForwarding, examineGuessing, examineSecrets } from './doctor-secrets.ts';

const NOW_MS = 1_750_000_000_000;
const DAY_MS = 86_400_000;

const clientWith = (expiresAtMs: number | undefined): Client => {
  const secret = { id: 'one', expiresAtMs } as ClientSecret;
  return {
    id: 'planner',
    type: 'confidential',
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
    assert.ok(finding.includes(found), finding);
  });
}

for (const [settings, found, isFault] of [
  [{}, 'the addresses of the connections', false],
  [{ publicUrl: 'http://127.0.0.1:8787' }, 'the addresses of the connections', false],
  [{ publicUrl: 'https://fob.example' }, 'all callers share its address', true],
  [{ publicUrl: 'https://fob.example', forwardedHops: 2 }, 'through 2 proxies', false],
] as const) {
  void test(`callers with ${JSON.stringify(settings)}: ${found}`, () => {
    const { check, finding, remedy } = examineForwarding(parseConfig({ flags: settings }));
    assert.equal(check, 'callers');
    assert.ok(finding.includes(found), finding);
    assert.equal(remedy?.includes('KEYFOB_FORWARDED_HOPS') ?? false, isFault);
  });
}

for (const [settings, found] of [
  [{}, 'failures per address'],
  [{ authenticationFailuresPerAddressMax: 0 }, 'KEYFOB_AUTHENTICATION_FAILURES_PER_ADDRESS_MAX: 0'],
] as const) {
  void test(`guessing with ${JSON.stringify(settings)}: ${found}`, () => {
    assert.ok(examineGuessing(parseConfig({ flags: settings })).finding.includes(found));
  });
}
