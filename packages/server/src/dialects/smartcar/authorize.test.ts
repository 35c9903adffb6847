import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client, ClientType } from '../../clients/client.ts';
import { redirectTo } from '../authorization.ts';
import { readQuery } from '../../wire/query.ts';
import { smartcarAuthorize } from './authorize.ts';
import { smartcar } from './smartcar.ts';

const client = (type: ClientType = 'confidential'): Client => ({
  id: 'client',
  dialect: 'smartcar',
  type,
  name: '',
  redirectUris: [],
  consentRedirectUri: undefined,
  policy: smartcar.defaultPolicy,
  createdAtMs: 0,
  disabledAtMs: undefined,
  secrets: [],
});
const parse = (query: string, type?: ClientType) => {
  const parameters = readQuery(query);
  assert.ok(parameters !== undefined);
  return smartcarAuthorize.parse(parameters, client(type));
};

const LEAST = 'response_type=code&scope=read_odometer';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

describe('An authorization request of Smartcar', () => {
  test('needs no more than a response type and a scope', () => {
    assert.deepEqual(parse(LEAST), {
      rawState: undefined,
      scope: 'read_odometer',
      codeChallenge: undefined,
      keyThumbprint: undefined,
      isSimulated: false,
      brand: undefined,
      vehicles: { when: 'now', isSingle: false, make: undefined, vin: undefined },
      lang: undefined,
    });
  });

  test('may say everything that the vendor documents', () => {
    const query =
      'response_type=code&client_id=c&redirect_uri=https%3A%2F%2Fa.example&state=a%20b&approval_prompt=force' +
      '&scope=read_vin+required:read_odometer%20read_vin&mode=simulated&make=LAND+ROVER&single_select=true' +
      '&single_select_vin=5yjsa1e14ff101307&flags=country:DE%20color:00819D&user=u-1&lang=ko' +
      `&code_challenge=${CHALLENGE}&code_challenge_method=S256&unknown=1`;
    assert.deepEqual(parse(query), {
      rawState: 'a%20b',
      scope: 'read_vin read_odometer',
      codeChallenge: CHALLENGE,
      keyThumbprint: undefined,
      isSimulated: true,
      brand: undefined,
      vehicles: { when: 'now', isSingle: true, make: 'land rover', vin: '5YJSA1E14FF101307' },
      lang: 'ko',
    });
  });

  for (const [name, query, error, type] of [
    ['without a response type', 'scope=a', 'invalid_request'],
    ['with another response type', 'response_type=token&scope=a', 'unsupported_response_type'],
    ['without a scope', 'response_type=code', 'invalid_scope'],
    ['with a scope of spaces', 'response_type=code&scope=+', 'invalid_scope'],
    ['with a scope that is only required', 'response_type=code&scope=required:', 'invalid_scope'],
    ['with a quote in its scope', 'response_type=code&scope=a%22', 'invalid_scope'],
    ['with a scope over its limit', `response_type=code&scope=${'a'.repeat(1001)}`, 'invalid_scope'],
    ['with 65 scopes', `response_type=code&scope=${[...Array(65).keys()].join('+')}`, 'invalid_scope'],
    ['with a state over its limit', `${LEAST}&state=${'x'.repeat(2049)}`, 'invalid_request'],
    ['with a parameter twice', `${LEAST}&mode=live&mode=live`, 'invalid_request'],
    ['with an unknown parameter twice', `${LEAST}&x=1&x=2`, 'invalid_request'],
    ['with another mode', `${LEAST}&mode=demo`, 'invalid_request'],
    ['with another approval prompt', `${LEAST}&approval_prompt=never`, 'invalid_request'],
    ['with a single_select that is neither', `${LEAST}&single_select=yes`, 'invalid_request'],
    ['with a malformed make', `${LEAST}&make=%3Cb%3E`, 'invalid_request'],
    ['with a VIN of 18', `${LEAST}&single_select_vin=${'1'.repeat(18)}`, 'invalid_request'],
    [
      'with a plain challenge',
      `${LEAST}&code_challenge=${CHALLENGE}&code_challenge_method=plain`,
      'invalid_request',
    ],
    ['with a challenge and no method', `${LEAST}&code_challenge=${CHALLENGE}`, 'invalid_request'],
    ['with a method and no challenge', `${LEAST}&code_challenge_method=S256`, 'invalid_request'],
    ['with a short challenge', `${LEAST}&code_challenge=abc&code_challenge_method=S256`, 'invalid_request'],
    ['of a public client without a challenge', LEAST, 'invalid_request', 'public'],
    ['of a resource server', LEAST, 'unauthorized_client', 'resource-server'],
  ] as readonly (readonly [string, string, string, ClientType?])[]) {
    test(`${name} is ${error}`, () => {
      const parsed = parse(query, type);
      assert.equal('error' in parsed ? parsed.error : 'none', error);
    });
  }

  for (const [mode, isSimulated] of [
    ['live', false],
    ['test', true],
    ['simulated', true],
  ] as const) {
    test(`with mode=${mode} is about ${isSimulated ? 'simulated' : 'real'} vehicles`, () => {
      const parsed = parse(`${LEAST}&mode=${mode}`);
      assert.equal('error' in parsed ? undefined : parsed.isSimulated, isSimulated);
    });
  }
});

describe('A redirect URI', () => {
  for (const [redirectUri, expected] of [
    ['https://a.example/cb', 'https://a.example/cb?code=1&state=a+b&iss=https%3A%2F%2Fi'],
    ['https://a.example/cb?x=1', 'https://a.example/cb?x=1&code=1&state=a+b&iss=https%3A%2F%2Fi'],
    ['https://a.example/cb?', 'https://a.example/cb?code=1&state=a+b&iss=https%3A%2F%2Fi'],
    ['app:/cb', 'app:/cb?code=1&state=a+b&iss=https%3A%2F%2Fi'],
  ] as const) {
    test(`${redirectUri} stays as it is registered`, () => {
      const parameters = smartcarAuthorize.renderCode('1', 'https://i');
      assert.equal(redirectTo({ redirectUri, rawState: 'a+b' }, parameters), expected);
    });
  }

  test('gets only the state if there is nothing to add, and nothing without a state', () => {
    const redirectUri = 'https://a.example/cb';
    assert.equal(redirectTo({ redirectUri, rawState: 'x' }, []), `${redirectUri}?state=x`);
    assert.equal(redirectTo({ redirectUri, rawState: undefined }, []), redirectUri);
  });
});
