import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { CodeState } from './code.ts';
import { judgeCode } from './judge-code.ts';
import type { CodeVerdict, PresentedCode } from './judge-code.ts';

const BRANDS = ['brand-a', 'brand-b', 'brand-c'];
const ISSUED_AT = 1_750_000_000;
const LIFETIME_MS = 600_000;
/** RFC 7636, Appendix B. */
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const DIGEST = Uint8Array.from({ length: 16 }, (_, index) => index);
const OTHER_DIGEST = Uint8Array.from({ length: 16 }, (_, index) => index + 1);

const CODE: CodeState = {
  grantId: -42n,
  clientId: 'client-a',
  redirectUri: 'https://app.example/callback',
  codeChallenge: undefined,
  issuedAtMs: ISSUED_AT * 1000,
  subject: 'owner-1',
  scope: 'read_odometer',
  brand: undefined,
  vehicles: [],
  redeemedAtMs: undefined,
  useDigest: undefined,
};

const PRESENTED: PresentedCode = {
  grantId: CODE.grantId,
  issuedAt: ISSUED_AT,
  clientId: CODE.clientId,
  brand: undefined,
  redirectUri: CODE.redirectUri,
  onlyRedirectUri: CODE.redirectUri,
  codeVerifier: undefined,
  useDigest: undefined,
  isRetryOfOurs: false,
};

type Case = {
  readonly name: string;
  readonly code?: Partial<CodeState>;
  readonly presented?: Partial<PresentedCode>;
  /** Since the code was issued. */
  readonly afterMs?: number;
  readonly verdict: CodeVerdict;
};

const REDEEM: CodeVerdict = { kind: 'redeem' };
const REPEAT: CodeVerdict = { kind: 'repeat' };
const REPLAY: CodeVerdict = { kind: 'replay' };
const refuse = (reason: (CodeVerdict & { kind: 'refuse' })['reason']): CodeVerdict => ({
  kind: 'refuse',
  reason,
});

const judged = ({ code, presented, afterMs = 1000 }: Omit<Case, 'name' | 'verdict'>): CodeVerdict =>
  judgeCode(
    { ...CODE, ...code },
    { ...PRESENTED, ...presented },
    { nowMs: ISSUED_AT * 1000 + afterMs, doubt: undefined, lifetimeSeconds: LIFETIME_MS / 1000 },
  );

const judgeCases = (cases: readonly Case[]): void => {
  for (const { name, verdict, ...given } of cases)
    void test(name, () => assert.deepEqual(judged(given), verdict));
};

const PKCE = { code: { codeChallenge: CHALLENGE }, presented: { codeVerifier: VERIFIER } };
const REDEEMED_AFTER_MS = 500;
const REDEEMED = { redeemedAtMs: ISSUED_AT * 1000 + REDEEMED_AFTER_MS };
const RELOADED_UNTIL_MS = REDEEMED_AFTER_MS + 10_000;
const FOREIGN = { clientId: 'client-b' };

judgeCases([
  { name: 'a code that was not used yet is redeemed', verdict: REDEEM },
  { name: 'a code is redeemed at the moment it was issued', afterMs: 0, verdict: REDEEM },
  { name: 'a code is redeemed in its last millisecond', afterMs: LIFETIME_MS - 1, verdict: REDEEM },
  { name: 'a code has expired after its ten minutes', afterMs: LIFETIME_MS, verdict: refuse('code_expired') },
  {
    name: 'a clock behind the one that issued it does not expire a code',
    afterMs: -5000,
    verdict: REDEEM,
  },
  {
    name: 'a code with another moment of issue than the stored one was never issued',
    presented: { issuedAt: ISSUED_AT + 1 },
    verdict: refuse('code_unknown'),
  },
]);

void test('a code that is not in the store is unknown', () => {
  assert.deepEqual(
    judgeCode(undefined, PRESENTED, { nowMs: ISSUED_AT * 1000, doubt: undefined, lifetimeSeconds: 600 }),
    refuse('code_unknown'),
  );
});

// Whose it is.
judgeCases([
  {
    name: 'the code of another client is refused',
    presented: { clientId: 'client-b' },
    verdict: refuse('code_client_mismatch'),
  },
  {
    name: 'ids of clients are compared letter by letter',
    presented: { clientId: 'Client-A' },
    verdict: refuse('code_client_mismatch'),
  },
  {
    name: 'the code of another brand is refused',
    code: { brand: 'kia' },
    presented: { brand: 'genesis' },
    verdict: refuse('code_client_mismatch'),
  },
  {
    name: 'a code of a brand is refused without a brand',
    code: { brand: 'kia' },
    verdict: refuse('code_client_mismatch'),
  },
  {
    name: 'a code of a brand is redeemed under it',
    code: { brand: 'kia' },
    presented: { brand: 'kia' },
    verdict: REDEEM,
  },
  {
    name: 'a code without a brand is redeemed under every one',
    presented: { brand: 'kia' },
    verdict: REDEEM,
  },
]);

// The redirect URI of the authorization request, RFC 6749 §4.1.3.
judgeCases(
  [
    'https://app.example/callback/',
    'https://app.example/Callback',
    'https://APP.example/callback',
    'https://app.example:443/callback',
    'https://app.example/callback?',
    'https://app.example/%63allback',
    'https://app.example/callbac',
    '',
  ].map((redirectUri) => ({
    name: `the redirect URI ${JSON.stringify(redirectUri)} is not the one of the request`,
    presented: { redirectUri },
    verdict: refuse('code_redirect_wrong'),
  })),
);

// No redirect URI in the authorization request, or in that for tokens (RFC 6749 §4.1.3, OAuth 2.1).
const OTHER_URI = 'https://app.example/other';
judgeCases([
  {
    name: 'a redirect URI that the request did not name may be omitted',
    code: { redirectUri: undefined },
    presented: { redirectUri: undefined },
    verdict: REDEEM,
  },
  {
    name: 'a redirect URI that the request did not name is the only one that is registered',
    code: { redirectUri: undefined },
    verdict: REDEEM,
  },
  {
    name: 'a redirect URI that the request did not name is no other one',
    code: { redirectUri: undefined },
    presented: { redirectUri: OTHER_URI },
    verdict: refuse('code_redirect_wrong'),
  },
  {
    name: 'a redirect URI that the request named may not be omitted, though it is the only one that is registered',
    presented: { redirectUri: undefined },
    verdict: refuse('code_redirect_wrong'),
  },
  {
    name: 'a code with a challenge needs no redirect URI',
    code: PKCE.code,
    presented: { ...PKCE.presented, redirectUri: undefined, onlyRedirectUri: undefined },
    verdict: REDEEM,
  },
  {
    name: 'a code with a challenge needs its verifier where the redirect URI is omitted',
    code: PKCE.code,
    presented: { redirectUri: undefined },
    verdict: refuse('code_verifier_wrong'),
  },
  {
    name: 'a code with a challenge is not redeemed with a wrong redirect URI',
    code: PKCE.code,
    presented: { ...PKCE.presented, redirectUri: OTHER_URI },
    verdict: refuse('code_redirect_wrong'),
  },
]);

// PKCE, RFC 7636.
judgeCases([
  { name: 'the verifier of the challenge redeems', ...PKCE, verdict: REDEEM },
  { name: 'a challenge asks for a verifier', code: PKCE.code, verdict: refuse('code_verifier_wrong') },
  {
    name: 'a verifier without a challenge is refused',
    presented: PKCE.presented,
    verdict: refuse('code_verifier_wrong'),
  },
  {
    name: 'the challenge itself is not a verifier: the method plain is not supported',
    code: PKCE.code,
    presented: { codeVerifier: CHALLENGE },
    verdict: refuse('code_verifier_wrong'),
  },
  ...[VERIFIER.toLowerCase(), `${VERIFIER} `, VERIFIER.slice(0, -1), 'x'].map((codeVerifier) => ({
    name: `the verifier ${JSON.stringify(codeVerifier)} is another`,
    code: PKCE.code,
    presented: { codeVerifier },
    verdict: refuse('code_verifier_wrong'),
  })),
]);

// A second use, RFC 6749 §4.1.2.
judgeCases([
  { name: 'a second use is a replay', code: REDEEMED, afterMs: 60_000, verdict: REPLAY },
  {
    name: 'a page that is loaded again within ten seconds of the first use revokes nothing',
    code: REDEEMED,
    afterMs: RELOADED_UNTIL_MS - 1,
    verdict: refuse('code_reloaded'),
  },
  {
    name: 'a page that is loaded again at the moment of the first use revokes nothing',
    code: REDEEMED,
    afterMs: REDEEMED_AFTER_MS,
    verdict: refuse('code_reloaded'),
  },
  {
    name: 'a clock behind the one of the first use sees a page that is loaded again',
    code: REDEEMED,
    afterMs: 0,
    verdict: refuse('code_reloaded'),
  },
  {
    name: 'a page that is loaded again after ten seconds is a replay',
    code: REDEEMED,
    afterMs: RELOADED_UNTIL_MS,
    verdict: REPLAY,
  },
  {
    name: 'a page that is loaded again with another Idempotency-Key is a page that is loaded again',
    code: { ...REDEEMED, useDigest: DIGEST },
    presented: { useDigest: OTHER_DIGEST },
    verdict: refuse('code_reloaded'),
  },
  {
    name: 'a second use in the last millisecond is a replay',
    code: REDEEMED,
    afterMs: LIFETIME_MS - 1,
    verdict: REPLAY,
  },
  {
    name: 'a second use after the ten minutes revokes nothing',
    code: REDEEMED,
    afterMs: LIFETIME_MS,
    verdict: refuse('code_expired'),
  },
  {
    name: 'a second use by another client is a replay at once, whatever its redirect URI and brand',
    code: { ...REDEEMED, brand: 'kia' },
    presented: { ...FOREIGN, redirectUri: 'https://thief.example/' },
    verdict: REPLAY,
  },
  {
    name: 'a second use by another client is a replay to the last millisecond',
    code: REDEEMED,
    presented: FOREIGN,
    afterMs: LIFETIME_MS - 1,
    verdict: REPLAY,
  },
  {
    name: 'a second use by another client after the ten minutes revokes nothing',
    code: REDEEMED,
    presented: FOREIGN,
    afterMs: LIFETIME_MS,
    verdict: refuse('code_client_mismatch'),
  },
  {
    name: 'a second use by another client without the verifier revokes nothing',
    code: { ...REDEEMED, ...PKCE.code },
    presented: FOREIGN,
    verdict: refuse('code_client_mismatch'),
  },
  {
    name: 'a second use by another client with a verifier that the code does not ask for revokes nothing',
    code: REDEEMED,
    presented: { ...FOREIGN, ...PKCE.presented },
    verdict: refuse('code_client_mismatch'),
  },
  {
    name: 'a second use by another client with the verifier is a replay',
    code: { ...REDEEMED, ...PKCE.code },
    presented: { ...FOREIGN, ...PKCE.presented },
    verdict: REPLAY,
  },
  {
    name: 'the retry of a use that ended in our own 503 is not for another client',
    code: REDEEMED,
    presented: { ...FOREIGN, isRetryOfOurs: true },
    verdict: REPLAY,
  },
  {
    name: 'a second use under another brand revokes nothing',
    code: { ...REDEEMED, brand: 'kia' },
    presented: { brand: 'hyundai' },
    verdict: refuse('code_client_mismatch'),
  },
  {
    name: 'a second use with another redirect revokes nothing',
    code: REDEEMED,
    presented: { redirectUri: 'https://thief.example/' },
    verdict: refuse('code_redirect_wrong'),
  },
  {
    name: 'a second use without the verifier revokes nothing',
    code: { ...REDEEMED, ...PKCE.code },
    verdict: refuse('code_verifier_wrong'),
  },
  {
    name: 'a second use with the verifier is a replay',
    code: { ...REDEEMED, ...PKCE.code },
    presented: PKCE.presented,
    afterMs: 60_000,
    verdict: REPLAY,
  },
  {
    name: 'the retry of a use that ended in our own 503 is a repeat',
    code: REDEEMED,
    presented: { isRetryOfOurs: true },
    verdict: REPEAT,
  },
  {
    name: 'the retry of a use of ours that never took place redeems',
    presented: { isRetryOfOurs: true },
    verdict: REDEEM,
  },
  {
    name: 'the retry of a use of ours does not outlive the code',
    code: REDEEMED,
    presented: { isRetryOfOurs: true },
    afterMs: LIFETIME_MS,
    verdict: refuse('code_expired'),
  },
]);

// The same use again, recognised by its Idempotency-Key.
judgeCases([
  {
    name: 'a use sent again with its Idempotency-Key is repeated',
    code: { ...REDEEMED, useDigest: DIGEST },
    presented: { useDigest: Uint8Array.from(DIGEST) },
    verdict: REPEAT,
  },
  {
    name: 'a use sent again with its Idempotency-Key is repeated to the last millisecond, and no longer',
    code: { ...REDEEMED, useDigest: DIGEST },
    presented: { useDigest: DIGEST },
    afterMs: LIFETIME_MS - 1,
    verdict: REPEAT,
  },
  {
    name: 'an Idempotency-Key does not outlive the code',
    code: { ...REDEEMED, useDigest: DIGEST },
    presented: { useDigest: DIGEST },
    afterMs: LIFETIME_MS,
    verdict: refuse('code_expired'),
  },
  {
    name: 'another Idempotency-Key is another use',
    code: { ...REDEEMED, useDigest: DIGEST },
    presented: { useDigest: OTHER_DIGEST },
    afterMs: 60_000,
    verdict: REPLAY,
  },
  {
    name: "a part of an Idempotency-Key's digest is another use",
    code: { ...REDEEMED, useDigest: DIGEST },
    presented: { useDigest: DIGEST.subarray(0, 15) },
    afterMs: 60_000,
    verdict: REPLAY,
  },
  {
    name: 'a use with an Idempotency-Key, sent again without one, is another use',
    code: { ...REDEEMED, useDigest: DIGEST },
    afterMs: 60_000,
    verdict: REPLAY,
  },
  {
    name: 'a use without an Idempotency-Key, sent again with one, is another use',
    code: REDEEMED,
    presented: { useDigest: DIGEST },
    afterMs: 60_000,
    verdict: REPLAY,
  },
  {
    name: 'an Idempotency-Key gives nothing to another client',
    code: { ...REDEEMED, useDigest: DIGEST },
    presented: { useDigest: DIGEST, ...FOREIGN },
    verdict: REPLAY,
  },
  {
    name: 'an Idempotency-Key does not replace the verifier',
    code: { ...REDEEMED, ...PKCE.code, useDigest: DIGEST },
    presented: { useDigest: DIGEST },
    verdict: refuse('code_verifier_wrong'),
  },
]);

const REDIRECT_URI = 'https://app.example/callback';
const someText = fc.constantFrom('client-a', 'client-b', REDIRECT_URI, VERIFIER, 'x');
const some = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const digests = some(fc.constantFrom(DIGEST, OTHER_DIGEST));
const states: fc.Arbitrary<CodeState> = fc.record({
  grantId: fc.constant(CODE.grantId),
  clientId: someText,
  redirectUri: some(someText),
  codeChallenge: some(someText.map((text) => hash('sha256', text, 'base64url'))),
  issuedAtMs: fc.constant(ISSUED_AT * 1000),
  subject: fc.constant('owner-1'),
  scope: fc.constant(''),
  brand: some(fc.constantFrom(...BRANDS)),
  vehicles: fc.constant([]),
  redeemedAtMs: some(fc.constant(REDEEMED.redeemedAtMs)),
  useDigest: digests,
});
const presentations: fc.Arbitrary<PresentedCode> = fc.record({
  grantId: fc.constant(CODE.grantId),
  issuedAt: fc.constant(ISSUED_AT),
  clientId: someText,
  brand: some(fc.constantFrom(...BRANDS)),
  redirectUri: some(someText),
  onlyRedirectUri: some(someText),
  codeVerifier: some(someText),
  useDigest: digests,
  isRetryOfOurs: fc.boolean(),
});
const moments = fc
  .integer({ min: -LIFETIME_MS, max: 2 * LIFETIME_MS })
  .map((after) => ISSUED_AT * 1000 + after);

void test('only a use that matches everything the code is bound to redeems it or revokes its grant', () => {
  fc.assert(
    fc.property(states, presentations, moments, (code, presented, nowMs) => {
      const { kind } = judgeCode(code, presented, {
        nowMs,
        doubt: undefined,
        lifetimeSeconds: LIFETIME_MS / 1000,
      });
      if (kind === 'refuse') return;
      if (presented.clientId !== code.clientId) {
        assert.deepEqual([kind, code.redeemedAtMs === undefined], ['replay', false]);
        return;
      }
      const { redirectUri, onlyRedirectUri } = presented;
      if (redirectUri !== undefined) assert.equal(redirectUri, code.redirectUri ?? onlyRedirectUri);
      else assert.ok(code.codeChallenge !== undefined || code.redirectUri === undefined);
      assert.ok(code.brand === undefined || presented.brand === code.brand);
      const { codeVerifier } = presented;
      const challenge = codeVerifier === undefined ? undefined : hash('sha256', codeVerifier, 'base64url');
      assert.equal(challenge, code.codeChallenge);
      assert.ok(nowMs < (ISSUED_AT + 600) * 1000);
      assert.equal(kind === 'redeem', code.redeemedAtMs === undefined);
    }),
    { numRuns: 5000 },
  );
});
