import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createExamples } from './examples.ts';
import { oauth } from './oauth.ts';

const CLIENT = { clientId: 'client-a', clientSecret: 'secret', redirectUri: 'https://app.example/callback' };

test('the examples use the paths of the endpoints', () => {
  const examples = createExamples({ authorization: '/a', token: '/t' });
  assert.match(examples.authorizationTarget(CLIENT), /^\/a\?/);
  assert.match(examples.demoAuthorizationTarget(CLIENT), /^\/a\?/);
  assert.match(examples.refreshCommand('https://fob.example', CLIENT, 'x'), / https:\/\/fob\.example\/t /);
});

test('the examples of the dialect lead to its own endpoints', () => {
  const { pathname } = new URL(oauth.examples.authorizationTarget(CLIENT), 'https://fob.example');
  assert.equal(pathname, oauth.authorization.path);
  const [, path = ''] = /POST (\S+)/.exec(oauth.examples.refreshCommand('', CLIENT, 'x')) ?? [];
  assert.ok(path in oauth.tokenEndpoints);
});
