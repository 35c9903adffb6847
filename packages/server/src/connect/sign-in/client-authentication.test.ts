import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseMethod } from './client-authentication.ts';

const CASES: readonly (readonly [unknown, string])[] = [
  [undefined, 'client_secret_basic'],
  [null, 'client_secret_basic'],
  [[], 'client_secret_basic'],
  [['client_secret_basic'], 'client_secret_basic'],
  [['client_secret_post'], 'client_secret_post'],
  [['private_key_jwt', 'client_secret_post'], 'client_secret_post'],
  [['client_secret_post', 'client_secret_basic'], 'client_secret_basic'],
  [['private_key_jwt', 'tls_client_auth'], 'client_secret_basic'],
  ['client_secret_post', 'client_secret_post'],
  [7, 'client_secret_basic'],
];

for (const [supported, method] of CASES) {
  void test(`a provider that supports ${JSON.stringify(supported)} gets ${method}`, () => {
    assert.equal(chooseMethod(supported), method);
  });
}
