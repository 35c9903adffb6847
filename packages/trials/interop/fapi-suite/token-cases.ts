import assert from 'node:assert/strict';
import { accepted, refusedAs, withAssertions, withProofs } from './case.ts';
import type { SuiteCase } from './case.ts';
import { seconds } from './jwt.ts';
import type { Changes } from './jwt.ts';

/** Modules about the token endpoint. */
export const TOKEN_CASES: readonly SuiteCase[] = [
  {
    module: 'ensure-client-id-in-token-endpoint',
    async run(one, other) {
      const code = await one.codeFrom();
      const { client_id: id } = other.about;
      // The other client, by the key or the certificate of this one.
      const wrong = await one.redeem(code, { client_id: id }, {}, { claims: { iss: id, sub: id } });
      refusedAs(wrong, 'invalid_client', 'invalid_grant');
    },
  },
  {
    module: 'ensure-holder-of-key-required',
    async run(one) {
      const code = await one.codeFrom();
      const refused = await one.redeem(code, {}, one.unbound);
      refusedAs(refused, 'invalid_request', ...(one.proofOf() === undefined ? ['invalid_client'] : []));
    },
  },
  {
    module: 'ensure-authorization-code-is-bound-to-client',
    async run(one, other) {
      refusedAs(await other.redeem(await one.codeFrom()), 'invalid_grant');
    },
  },
  {
    module: 'attempt-reuse-authorization-code-after-one-second',
    async run(one) {
      const code = await one.codeFrom();
      const first = await one.redeem(code);
      accepted(first);
      assert.equal('id_token' in first.body, false);
      refusedAs(await one.redeem(code), 'invalid_grant');
    },
  },
  {
    module: 'ensure-client-assertion-in-token-endpoint',
    applies: withAssertions,
    async run(one) {
      const fields = {
        client_id: one.about.client_id,
        client_assertion: undefined,
        client_assertion_type: undefined,
      };
      refusedAs(await one.redeem(await one.codeFrom(), fields), 'invalid_client', 'invalid_request');
    },
  },
  {
    module: 'ensure-signed-client-assertion-with-RS256-fails',
    applies: withAssertions,
    async run(one) {
      assert.equal(one.about.jwks.keys[0].alg, 'PS256');
      const code = await one.codeFrom();
      for (const changes of [
        { header: { alg: 'RS256' } },
        { claims: { exp: seconds() - 300 } },
        { claims: { aud: 'https://other.example/' } },
        { claims: { sub: undefined } },
      ] satisfies readonly Changes[])
        refusedAs(await one.redeem(code, {}, {}, changes), 'invalid_client');
      accepted(await one.redeem(code));
    },
  },
  {
    module: 'par-ensure-pkce-code-verifier-required',
    async run(one) {
      const code = await one.codeFrom();
      for (const verifier of [undefined, 'x'.repeat(43)])
        refusedAs(await one.redeem(code, { code_verifier: verifier }), 'invalid_grant');
      accepted(await one.redeem(code));
    },
  },
  {
    module: 'check-dpop-proof-nbf-exp',
    applies: withProofs,
    async run(one) {
      for (const claims of [
        { nbf: seconds(), exp: seconds() + 300 },
        { iat: seconds() - 10 },
        { iat: seconds() + 10 },
      ]) {
        const par = one.prover.prove('POST', one.endpoint('pushed_authorization_request_endpoint'), {
          claims,
        });
        const tokens = await one.redeem(
          await one.codeFrom({}, { proof: par }),
          {},
          { proof: one.proofOf({ claims }) },
        );
        accepted(tokens);
        accepted(await one.call(tokens.body['access_token'], { claims }));
      }
    },
  },
  {
    module: 'refresh-token',
    async run(one, other) {
      const { body: issued } = await one.redeem(await one.codeFrom());
      const refreshed = await one.refresh(issued['refresh_token']);
      accepted(refreshed);
      assert.equal(refreshed.headers.get('cache-control'), 'no-store');
      assert.match(String(refreshed.body['refresh_token']), /^[\x20-\x7e]{32,}$/);
      const token = refreshed.body['refresh_token'] ?? issued['refresh_token'];
      const nobody = { client_id: undefined, client_assertion: undefined, client_assertion_type: undefined };
      refusedAs(
        await one.refresh(token, nobody, { shows: false }),
        'invalid_client',
        'invalid_request',
        'invalid_grant',
      );
      refusedAs(await one.refresh(token, {}, one.unbound), 'invalid_client', 'invalid_request');
      refusedAs(await other.refresh(token, { scope: undefined }), 'invalid_grant');
      accepted(await one.call(refreshed.body['access_token']));
      accepted(await one.refresh(token));
    },
  },
];
