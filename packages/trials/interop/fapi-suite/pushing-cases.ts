import assert from 'node:assert/strict';
import { accepted, refusedAs, withAssertions, withProofs } from './case.ts';
import type { SuiteCase } from './case.ts';
import { answerOf, moveBrowser } from './browser.ts';
import type { SuiteActor } from './actor.ts';
import type { Changes, Fields } from './jwt.ts';
import { createProver, seconds } from './jwt.ts';

const ofOverride = ({ suite }: SuiteActor, module: string) =>
  suite.override[`fapi2-security-profile-final-${module}`]?.browser ?? assert.fail(module);

const REFUSED_REQUESTS: readonly (readonly [string, Fields, readonly string[]])[] = [
  ['ensure-request-object-without-redirect-uri-fails', { redirect_uri: undefined }, ['invalid_request']],
  [
    'plain-fapi-tolerate-unregistered-redirect-uri',
    { redirect_uri: 'https://app.example/callbackx' },
    ['invalid_request'],
  ],
  ['ensure-response-type-token-fails', { response_type: 'token' }, ['unsupported_response_type']],
  [
    'ensure-response-type-code-idtoken-fails',
    { response_type: 'code id_token' },
    ['unsupported_response_type'],
  ],
  [
    'par-authorization-request-containing-request_uri-form-param',
    { request_uri: 'urn:example:1' },
    ['invalid_request'],
  ],
  [
    'par-ensure-pkce-required',
    { code_challenge: undefined, code_challenge_method: undefined },
    ['invalid_request'],
  ],
  ['par-ensure-plain-pkce-rejected', { code_challenge_method: 'plain' }, ['invalid_request']],
];

/** Assertions that prove nothing, at the pushed request. A header with `alg` is signed so. */
const WRONG_ASSERTIONS: readonly (readonly [
  string,
  (issuer: string, token: string, par: string) => Changes,
])[] = [
  ['without sub', () => ({ claims: { sub: undefined } })],
  ['with another sub', () => ({ claims: { sub: 'another' } })],
  ['without iss', () => ({ claims: { iss: undefined } })],
  ['with another iss', () => ({ claims: { iss: 'another' } })],
  ['without aud', () => ({ claims: { aud: undefined } })],
  ['for another server', () => ({ claims: { aud: 'https://other.example/' } })],
  ['for the token endpoint', (_, token) => ({ claims: { aud: token } })],
  ['for the PAR endpoint', (_, __, par) => ({ claims: { aud: par } })],
  ['for a list of audiences', (issuer) => ({ claims: { aud: [issuer, 'https://other.example/'] } })],
  ['that has expired', () => ({ claims: { exp: seconds() - 300 } })],
  ['without exp', () => ({ claims: { exp: undefined } })],
  [
    'of 70 seconds ahead',
    () => ({ claims: { iat: seconds() + 70, nbf: seconds() + 70, exp: seconds() + 130 } }),
  ],
  ['signed by RS256', () => ({ header: { alg: 'RS256' } })],
  ['signed by nothing', () => ({ header: { alg: 'none' } })],
];

/** Modules about the authorization request and its way to the server. */
export const PUSHING_CASES: readonly SuiteCase[] = [
  ...REFUSED_REQUESTS.map(([module, fields, errors]): SuiteCase => ({
    module,
    run: async (one) => refusedAs(await one.push(fields), ...errors),
  })),
  {
    module: 'par-attempt-invalid-http-method',
    run: async (one) => assert.equal((await one.push({}, { method: 'PUT' })).status, 405),
  },
  {
    module: 'ensure-invalid-client-assertions-fail',
    applies: withAssertions,
    async run(one, other) {
      const [token, par] = [
        one.endpoint('token_endpoint'),
        one.endpoint('pushed_authorization_request_endpoint'),
      ];
      for (const [, changes] of WRONG_ASSERTIONS)
        refusedAs(
          await one.push({}, {}, changes(one.issuer, token, par)),
          'invalid_client',
          'invalid_request',
        );
      for (const fields of [
        { client_assertion: undefined, client_assertion_type: undefined },
        { client_assertion_type: undefined },
        { client_assertion_type: 'urn:example:wrong' },
        // Of this client, by the key of the other.
        {
          client_assertion: other.assertion({
            claims: { iss: one.about.client_id, sub: one.about.client_id },
          }),
        },
      ])
        refusedAs(await one.push(fields), 'invalid_client');
      accepted(
        await one.push({}, {}, { claims: { iat: seconds() + 8, nbf: seconds() + 8, exp: seconds() + 68 } }),
        201,
      );
      accepted(await one.push(), 201);
    },
  },
  {
    module: 'ensure-authorization-request-without-state-success',
    async run(one) {
      const { body } = await one.push({ state: undefined });
      const back = await one.agree(one.visitUrl(body['request_uri'], { state: 'outside' }));
      assert.deepEqual(Object.keys(back).toSorted(), ['code', 'iss']);
    },
  },
  {
    module: 'ensure-different-state-inside-and-outside-request-object',
    async run(one) {
      const state = 'x'.repeat(1000);
      const { body } = await one.push({
        state,
        acr_values: 'a',
        claims: '{}',
        login_hint: 'b',
        prompt: 'consent',
        nonce: 'c',
      });
      const back = await one.agree(one.visitUrl(body['request_uri'], { ...one.request, state: 'other' }));
      assert.equal(back['state'], state);
    },
  },
  {
    module: 'user-rejects-authentication',
    async run(one, other) {
      for (const actor of [one, other]) {
        const { body } = await actor.push({ state: 'y'.repeat(128) });
        const browser = actor.newBrowser();
        const page = await browser.follow(actor.visitUrl(body['request_uri']), actor.issuer);
        const visits = ofOverride(actor, 'user-rejects-authentication');
        const back = answerOf(await moveBrowser(browser, page, visits, actor.about.redirect_uri));
        assert.deepEqual(
          [back['error'], back['state'], back['iss']],
          ['access_denied', 'y'.repeat(128), actor.issuer],
        );
        const named = new Set(['error', 'error_description', 'state', 'iss', 'dummy1', 'dummy2']);
        assert.deepEqual(
          Object.keys(back).filter((name) => !named.has(name)),
          [],
        );
      }
    },
  },
  {
    module: 'ensure-unsigned-authorization-request-without-using-par-fails',
    async run(one) {
      const page = await one
        .newBrowser()
        .open(one.visitUrl(undefined, { ...one.request, request_uri: undefined }));
      const back = answerOf(page);
      assert.deepEqual([back['error'], back['state'], back['iss']], ['invalid_request', 'st', one.issuer]);
    },
  },
  {
    module: 'par-ensure-reused-request-uri-prior-to-auth-completion-succeeds',
    async run(one) {
      const { body } = await one.push();
      const at = one.visitUrl(body['request_uri']);
      const browser = one.newBrowser();
      const [look, agree] = ofOverride(
        one,
        'par-ensure-reused-request-uri-prior-to-auth-completion-succeeds',
      );
      assert.ok(look !== undefined && agree !== undefined && look['match-limit'] === 1);
      const page = await moveBrowser(
        browser,
        await browser.follow(at, one.issuer),
        [look],
        one.about.redirect_uri,
      );
      assert.equal(page.target, '');
      assert.equal(typeof (await one.agree(at, browser))['code'], 'string');
      // The same owner once more, after completion.
      const again = answerOf(await browser.open(at));
      assert.deepEqual([again['error'], again['state']], ['invalid_request_uri', 'st']);
    },
  },
  {
    module: 'par-attempt-to-use-request_uri-for-different-client',
    async run(one, other) {
      const { body } = await one.push();
      const browser = other.newBrowser();
      const page = await browser.open(other.visitUrl(body['request_uri'], { state: 'st' }));
      assert.deepEqual([page.status, page.target], [400, '']);
      // The script shows the page to the person who reviews the run.
      assert.equal(await moveBrowser(browser, page, other.suite.browser, other.about.redirect_uri), page);
    },
  },
  {
    module: 'ensure-mismatched-dpop-jkt-fails',
    applies: withProofs,
    async run(one) {
      const url = one.endpoint('pushed_authorization_request_endpoint');
      const proof = () => one.prover.prove('POST', url);
      const other = createProver('PS256');
      refusedAs(
        await one.push({ dpop_jkt: other.thumbprint }, { proof: proof() }),
        'invalid_request',
        'invalid_dpop_proof',
      );
      // Bound at PAR by the proof or by the parameter, and redeemed with another key.
      for (const [fields, sending] of [
        [{}, { proof: proof() }],
        [{ dpop_jkt: one.prover.thumbprint }, {}],
      ] as const) {
        const code = await one.codeFrom(fields, sending);
        const wrong = other.prove('POST', one.endpoint('token_endpoint'));
        refusedAs(
          await one.redeem(code, {}, { proof: wrong }),
          'invalid_request',
          'invalid_grant',
          'invalid_dpop_proof',
        );
        accepted(await one.redeem(code));
      }
    },
  },
];
