import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzz, MODES } from './fuzz.ts';
import type { Identities } from './request.ts';
import { mutatedRequest } from './mutated-requests.ts';
import { saysOther } from '../support/uuid-token.ts';

/** The seed of every test run. `run.ts` picks a random seed. */
const SEED = 1;
const REQUESTS = 20_000;

/** A run that takes longer is stuck. */
const TEST_TIMEOUT = { timeout: 180_000 };

test('20 000 generated requests are all refused and do no harm', TEST_TIMEOUT, async (t) => {
  const report = await fuzz({ requests: REQUESTS, seed: SEED, mode: 'all', onProgress() {} });
  t.diagnostic(JSON.stringify({ ...report, findings: report.findings.length }));
  assert.deepEqual(
    report.findings.map(({ mode, what, requests }) => ({
      mode,
      what,
      base64: Buffer.concat(requests.map(({ bytes }) => bytes)).toString('base64'),
    })),
    [],
  );
  assert.ok(report.requests >= REQUESTS);
  for (const status of [400, 401, 404, 405, 408, 413, 417])
    assert.ok(report.statuses[status] !== undefined, `no answer had the status ${status}`);
});

test('a request with an almost correct token never has one that differs in version or variant only', () => {
  const refreshToken = '8351aa62-2ecb-4a1f-be93-67609ac1d9ae';
  const own = { clientId: 'id', clientSecret: 'secret', grantId: '1', accessToken: 'access', refreshToken };
  const identities: Identities = {
    smartcar: { own, stranger: own },
    pleos: { own, stranger: own },
  };
  const requests = fc.sample(mutatedRequest(identities, 'smartcar'), { numRuns: 5000, seed: SEED });
  const tokens = requests.flatMap(
    ({ bytes }) => /refresh_token=([0-9a-f-]{36})(?![^&])/.exec(String(bytes))?.[1] ?? [],
  );
  assert.ok(tokens.some((token) => saysOther(token, refreshToken)));
  const same = tokens.filter((token) => token !== refreshToken && !saysOther(token, refreshToken));
  assert.deepEqual(same, []);
});

test('--help lists every mode and option', () => {
  const script = fileURLToPath(new URL('run.ts', import.meta.url));
  const help = execFileSync(process.execPath, ['--conditions=keyfob-source', script, '--help'], {
    encoding: 'utf8',
  });
  for (const word of [...Object.keys(MODES), '--requests', '--mode', '--seed', '--json'])
    assert.ok(help.includes(word), word);
});
