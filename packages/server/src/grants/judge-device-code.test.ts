import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import type { CodeState } from './code.ts';
import { judgeDeviceCode } from './judge-device-code.ts';
import type { CodeVerdict, PresentedCode } from './judge-code.ts';

const APPROVED_AT_MS = 1_750_000_000_000;
const CODE: CodeState = {
  grantId: 42n,
  clientId: 'client-a',
  redirectUri: undefined,
  codeChallenge: undefined,
  issuedAtMs: APPROVED_AT_MS,
  subject: 'owner-1',
  scope: 'read_odometer',
  brand: undefined,
  vehicles: [],
  redeemedAtMs: undefined,
  useDigest: undefined,
};
const PRESENTED: PresentedCode = {
  grantId: 42n,
  // Of the device code: some minutes before the approval.
  issuedAt: APPROVED_AT_MS / 1000 - 300,
  isDevice: true,
  clientId: 'client-a',
  brand: undefined,
  redirectUri: undefined,
  onlyRedirectUri: undefined,
  codeVerifier: undefined,
  useDigest: undefined,
  isRetryOfOurs: false,
};
const REDEEMED = { redeemedAtMs: APPROVED_AT_MS };
const DIGEST = Buffer.alloc(16, 7);

const cases: readonly {
  readonly name: string;
  readonly code?: Partial<CodeState> | 'none';
  readonly presented?: Partial<PresentedCode>;
  readonly overlapSeconds?: number;
  readonly afterMs?: number;
  readonly verdict: 'redeem' | 'repeat' | (CodeVerdict & { kind: 'refuse' })['reason'];
}[] = [
  { name: 'an approval is redeemed', verdict: 'redeem' },
  { name: 'until ten minutes after it', afterMs: 599_999, verdict: 'redeem' },
  { name: 'and not later', afterMs: 600_000, verdict: 'code_expired' },
  { name: 'without an approval there is nothing', code: 'none', verdict: 'code_unknown' },
  {
    name: 'another client gets nothing',
    presented: { clientId: 'client-b' },
    verdict: 'code_client_mismatch',
  },
  {
    name: 'not even after the first use, and it revokes nothing',
    code: REDEEMED,
    presented: { clientId: 'client-b' },
    verdict: 'code_client_mismatch',
  },
  { name: 'a lost answer is repeated', code: REDEEMED, afterMs: 119_999, verdict: 'repeat' },
  { name: 'for two minutes', code: REDEEMED, afterMs: 120_000, verdict: 'code_reloaded' },
  {
    name: 'or for a longer overlap',
    code: REDEEMED,
    overlapSeconds: 900,
    afterMs: 899_999,
    verdict: 'repeat',
  },
  {
    name: 'and not longer than that',
    code: REDEEMED,
    overlapSeconds: 900,
    afterMs: 900_000,
    verdict: 'code_reloaded',
  },
  {
    name: 'a retry with the same key is repeated later',
    code: { ...REDEEMED, useDigest: DIGEST },
    presented: { useDigest: DIGEST },
    afterMs: 300_000,
    verdict: 'repeat',
  },
  {
    name: 'a retry that we asked for is repeated later',
    code: REDEEMED,
    presented: { isRetryOfOurs: true },
    afterMs: 300_000,
    verdict: 'repeat',
  },
  {
    name: 'a challenge needs its verifier',
    code: { codeChallenge: hash('sha256', 'v', 'base64url') },
    verdict: 'code_verifier_wrong',
  },
  {
    name: 'and is met by it',
    code: { codeChallenge: hash('sha256', 'v', 'base64url') },
    presented: { codeVerifier: 'v' },
    verdict: 'redeem',
  },
];

for (const { name, code, presented, overlapSeconds = 60, afterMs = 0, verdict } of cases)
  test(`device code: ${name}`, () => {
    const now = { nowMs: APPROVED_AT_MS + afterMs, doubt: undefined, overlapSeconds };
    const state = code === 'none' ? undefined : { ...CODE, ...code };
    const judged = judgeDeviceCode(state, { ...PRESENTED, ...presented }, now);
    assert.equal(judged.kind === 'refuse' ? judged.reason : judged.kind, verdict);
  });
