import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../../clients/client.ts';
import { readQuery } from '../../wire/query.ts';
import { oauth } from './oauth.ts';

const CLIENT: Client = {
  id: 'client-a',
  dialect: 'oauth',
  type: 'confidential',
  name: '',
  redirectUris: ['https://app.example/callback'],
  consentRedirectUri: undefined,
  policy: { ...oauth.defaultPolicy, requirePkce: false },
  createdAtMs: 0,
  disabledAtMs: undefined,
  secrets: [],
};
const PUBLIC: Client = { ...CLIENT, type: 'public' };
const LEAST = 'response_type=code&scope=read_odometer';
/** RFC 7636, Appendix B. */
const CHALLENGE = 'code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const METHOD = 'code_challenge_method=S256';

const parse = (query: string, client = CLIENT) => {
  const parameters = readQuery(query);
  assert.ok(parameters !== undefined);
  return oauth.authorization.parse(parameters, client);
};

describe('An authorization request of plain OAuth 2.0', () => {
  test('asks for scopes, each once, and lets the owner choose among all vehicles', () => {
    assert.deepEqual(parse('response_type=code&scope=a+b++a&state=s%20t'), {
      rawState: 's%20t',
      scope: 'a b',
      codeChallenge: undefined,
      keyThumbprint: undefined,
      isSimulated: false,
      brand: undefined,
      vehicles: { when: 'now', isSingle: false, make: undefined, vin: undefined },
      lang: undefined,
    });
  });

  test('of a new client must bring a challenge', () => {
    const client = { ...CLIENT, policy: oauth.defaultPolicy };
    const fault = parse(LEAST, client);
    assert.ok('error' in fault);
    assert.deepEqual(
      [fault.error, fault.description],
      ['invalid_request', 'Missing required parameter: code_challenge.'],
    );
    assert.ok('codeChallenge' in parse(`${LEAST}&${CHALLENGE}&${METHOD}`, client));
  });

  test('may bring a challenge, and from a public client must', () => {
    for (const client of [CLIENT, PUBLIC]) {
      const parsed = parse(`${LEAST}&${CHALLENGE}&${METHOD}`, client);
      assert.ok('codeChallenge' in parsed && parsed.codeChallenge !== undefined);
    }
    assert.ok('error' in parse(LEAST, PUBLIC));
    assert.ok(!('error' in parse(LEAST)));
  });

  for (const [what, query, error] of [
    ['without response_type', 'scope=a', 'invalid_request'],
    ['with another response_type', 'response_type=token&scope=a', 'unsupported_response_type'],
    ['without scope', 'response_type=code', 'invalid_scope'],
    ['with a malformed scope', 'response_type=code&scope=%22', 'invalid_scope'],
    ['with a parameter sent twice', `${LEAST}&state=a&state=b`, 'invalid_request'],
    ['with a state that is too long', `${LEAST}&state=${'s'.repeat(2049)}`, 'invalid_request'],
    ['with a challenge without its method', `${LEAST}&${CHALLENGE}`, 'invalid_request'],
    ['with a method without a challenge', `${LEAST}&${METHOD}`, 'invalid_request'],
    ['with the method plain', `${LEAST}&${CHALLENGE}&code_challenge_method=plain`, 'invalid_request'],
  ] as const)
    test(`${what} is ${error}`, () => {
      const fault = parse(query);
      assert.equal('error' in fault ? fault.error : undefined, error);
    });

  test('of a resource server is refused', () => {
    const fault = parse(LEAST, { ...CLIENT, type: 'resource-server' });
    assert.equal('error' in fault ? fault.error : undefined, 'unauthorized_client');
  });
});
