import assert from 'node:assert/strict';
import type { SuiteActor } from './actor.ts';
import { accepted, withProofs } from './case.ts';
import type { SuiteCase } from './case.ts';
import { createProver, seconds } from './jwt.ts';
import type { Changes } from './jwt.ts';

const tokenOf = async (actor: SuiteActor): Promise<unknown> => {
  const answer = await actor.redeem(await actor.codeFrom());
  accepted(answer);
  return answer.body['access_token'];
};

const invertCase = (text: string): string =>
  text.replaceAll(/[A-Za-z]/g, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );

/** Proofs that prove nothing, at the resource. */
const wrongProofs = ({ suite, prover }: SuiteActor): readonly Changes[] => [
  { header: { typ: undefined } },
  { header: { typ: 'JWT' } },
  { header: { jwk: undefined } },
  { header: { jwk: prover.privateJwk } },
  { header: { alg: 'none' } },
  { header: { alg: 'RS256' } },
  { claims: { jti: undefined } },
  { claims: { htm: undefined } },
  { claims: { htm: 'PUT' } },
  { claims: { htu: undefined } },
  { claims: { htu: `${suite.resource.resourceUrl}/other` } },
  { claims: { iat: undefined } },
  { claims: { iat: seconds() - 3600 } },
  { claims: { iat: seconds() + 3600 } },
  { claims: { ath: undefined } },
  { claims: { ath: 'wrong' } },
];

const goodProofs = ({ suite: { resource } }: SuiteActor): readonly Changes[] => [
  { claims: { htu: `${resource.resourceUrl}?query=1#fragment` } },
  { claims: { htu: resource.resourceUrl.replace(/^https:\/\/[^/]+/, (origin) => origin.toUpperCase()) } },
  { header: { extra: 1 }, claims: { extra: 1 } },
];

/** Modules about the protected resource. */
export const RESOURCE_CASES: readonly SuiteCase[] = [
  {
    module: 'happy-flow',
    async run(one, other) {
      const token = await tokenOf(one);
      const answer = await one.call(token, {
        headers: { 'x-fapi-interaction-id': 'A1', 'x-fapi-auth-date': 'Tue, 11 Sep 2012 19:43:31 GMT' },
      });
      accepted(answer);
      assert.ok(Math.abs(Date.parse(answer.headers.get('date') ?? '') - Date.now()) < 300_000);
      assert.equal(answer.headers.get('x-fapi-interaction-id'), null);
      for (const accept of ['application/json;charset=UTF-8', 'application/json, application/*+json, */*'])
        accepted(await one.call(token, { headers: { Accept: accept } }));
      const inQuery = await one.call(token, {}, { query: `?access_token=${String(token)}`, scheme: '' });
      assert.equal(inQuery.status, 401);
      // The token of the other client, by the key or the certificate of this one.
      assert.equal((await one.call(await tokenOf(other))).status, 401);
    },
  },
  {
    module: 'access-token-type-header-case-sensitivity',
    async run(one) {
      const { token_type: type, access_token: token } = (await one.redeem(await one.codeFrom())).body;
      accepted(await one.call(token, {}, { scheme: invertCase(String(type)) }));
    },
  },
  {
    module: 'dpop-negative-tests',
    applies: withProofs,
    async run(one) {
      const token = await tokenOf(one);
      for (const changes of goodProofs(one)) accepted(await one.call(token, changes));
      for (const changes of wrongProofs(one)) {
        const { status, headers } = await one.call(token, changes);
        assert.equal(status, 401, JSON.stringify(changes));
        assert.match(headers.get('www-authenticate') ?? '', /^DPoP error="\w+", algs="/);
      }
      const url = one.suite.resource.resourceUrl;
      const proof = one.prover.prove('GET', url, {});
      for (const wrong of ['', 'text', `${proof}, ${proof}`, `${proof.slice(0, -8)}AAAAAAAA`])
        assert.equal((await one.call(token, { proof: wrong })).status, 401, wrong);
      const claims = { jti: `once-${seconds()}` };
      assert.deepEqual(
        [(await one.call(token, { claims })).status, (await one.call(token, { claims })).status],
        [200, 401],
      );
      assert.equal((await one.call(token, {}, { by: createProver() })).status, 401);
      assert.equal((await one.call(token, { proof: '' }, { scheme: 'Bearer' })).status, 401);
      assert.equal((await one.call(token, {}, { scheme: 'Bearer' })).status, 401);
      accepted(await one.call(token));
    },
  },
];
