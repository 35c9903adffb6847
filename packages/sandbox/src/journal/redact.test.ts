import assert from 'node:assert/strict';
import test from 'node:test';
import { redact } from './redact.ts';

const HIDDEN = [
  ['a UUID', '7978bf5d-5127-40ba-9176-b0151444bac0'],
  ['a Pleos refresh token', '5DSSZWO2DD0J5A0PE8IA7LDAZQ8HOYSP6D7L'],
  ['a secret', 'YLrcxopQzraMLA3D6pZTmTbYIvUqT1TA5ip62yvjh1U'],
  ['half a secret', 'YLrcxopQzraMLA3D6pZTm'],
  ['letters only', 'YLrcxopQzraMLAxDxpZTmTbY'],
  ['a UUID whose hyphens are encoded', '7978bf5d%2D5127%2D40ba%2D9176%2Db0151444bac0'],
  ['a token encoded in full', '%37%39%37%38%62%66%35%64'],
  ['Base64', 'YzUzZmU5YmItZTlmNS00YzcxLThjYjU='],
] as const;

for (const [name, word] of HIDDEN)
  test(`${name} is hidden`, () => {
    assert.equal(redact(`/oauth/token/${word}?x`), '/oauth/token/(hidden)?x');
  });

test('names of media types, paths, scopes and programs stay', () => {
  for (const text of [
    'application/x-www-form-urlencoded; charset=utf-8',
    '/.well-known/oauth-authorization-server',
    'read_charge_locations read_extended_vehicle_info',
    'Smartcar/10.4.0 (linux; x64) Node.js v20.20.2',
  ])
    assert.equal(redact(text), text);
});

test('a long text is cut', () => {
  assert.equal(redact('a '.repeat(500)).length, 300);
});
