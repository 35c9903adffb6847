import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../../clients/client.ts';
import { pleosLogin } from './authorize.ts';
import { pleos } from './pleos.ts';
import { readQuery } from '../../wire/query.ts';

const client: Client = {
  id: 'client',
  dialect: 'pleos',
  type: 'confidential',
  name: '',
  redirectUris: [],
  consentRedirectUri: undefined,
  policy: pleos.defaultPolicy,
  createdAtMs: 0,
  disabledAtMs: undefined,
  secrets: [],
};
const parse = (query: string) => {
  const parameters = readQuery(query);
  assert.ok(parameters !== undefined);
  return pleosLogin.parse(parameters, client);
};

describe('A login with Pleos', () => {
  for (const brand of ['hyundai', 'kia', 'genesis', 'KIA']) {
    test(`is for ${brand}, with vehicles to be chosen later`, () => {
      assert.deepEqual(parse(`brand=${brand}&state=a%3D`), {
        rawState: 'a%3D',
        scope: '',
        codeChallenge: undefined,
        isSimulated: false,
        brand: brand.toLowerCase(),
        vehicles: { when: 'later' },
        lang: undefined,
      });
    });
  }

  for (const query of [
    'state=s',
    'brand=kia',
    'brand=tesla&state=s',
    'brand=kia&state=',
    'brand=kia&brand=kia&state=s',
    `brand=kia&state=${'s'.repeat(2049)}`,
  ]) {
    test(`${query.slice(0, 40)} is a fault`, () => assert.ok('error' in parse(query)));
  }

  test('answers with a code alone', () => {
    assert.deepEqual(pleosLogin.renderCode('c', 'https://issuer.example'), [['code', 'c']]);
  });
});
