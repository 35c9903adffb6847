import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnSite } from './session-cookie.ts';

const HOST = 'keyfob.example:8443';

for (const [origin, isSecure, isOwn] of [
  ['https://keyfob.example:8443', true, true],
  ['http://keyfob.example:8443', false, true],
  // A proxy with TLS that nobody configured here.
  ['https://keyfob.example:8443', false, true],
  // Somebody on the network can make up pages of plain HTTP.
  ['http://keyfob.example:8443', true, false],
  ['https://keyfob.example', true, false],
  ['https://a.keyfob.example:8443', true, false],
  ['https://x@keyfob.example:8443', true, false],
  ['https://keyfob.example:8443/', true, false],
  ['null', true, false],
  ['', true, false],
] as const)
  test(`a request of a page of ${JSON.stringify(origin)} ${isOwn ? 'is' : 'is not'} one of the console${isSecure ? ' with TLS' : ''}`, () =>
    assert.equal(isOwnSite({ isSecure }, { headers: { host: HOST, origin } }), isOwn));
