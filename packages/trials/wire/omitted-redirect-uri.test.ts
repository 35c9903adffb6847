import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import { toSeconds } from '@keyfob/server/grants';
import { DIALECTS } from '@keyfob/server/dialects';
import { sealCode } from '@keyfob/server/tokens';
import { sampleCode } from '../support/samples.ts';
import { createResourceTrial } from './resource-trial.ts';

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const APP = 'https://app.example/callback';
const OTHER = 'https://app.example/other';
const LOOPBACK = 'http://127.0.0.1/callback';

type Case = {
  readonly name: string;
  readonly registered: readonly string[];
  /** Of the authorization request; absent where it named none. */
  readonly redirectUri?: string;
  /** A public client always has PKCE. */
  readonly type: 'public' | 'confidential';
  readonly hasPkce?: boolean;
  /** The error; absent where there are tokens. */
  readonly error?: string;
};

const CASES: readonly Case[] = [
  {
    name: 'a native app at a port of its own needs its verifier only',
    registered: [LOOPBACK],
    redirectUri: 'http://127.0.0.1:5555/callback',
    type: 'public',
    hasPkce: true,
  },
  {
    name: 'a client with two redirect URIs needs its verifier only',
    registered: [APP, OTHER],
    redirectUri: OTHER,
    type: 'confidential',
    hasPkce: true,
  },
  {
    name: 'a client with one redirect URI, which its request did not name, means it',
    registered: [APP],
    type: 'confidential',
  },
  {
    name: 'a client that named its only redirect URI must name it again',
    registered: [APP],
    redirectUri: APP,
    type: 'confidential',
    error: 'invalid_grant',
  },
  {
    name: 'a client with two redirect URIs and no PKCE must name its own',
    registered: [APP, OTHER],
    redirectUri: OTHER,
    type: 'confidential',
    error: 'invalid_request',
  },
  {
    name: 'a client whose only redirect URI is not that of the request must name it',
    registered: [LOOPBACK],
    redirectUri: 'http://127.0.0.1:5555/callback',
    type: 'confidential',
    error: 'invalid_grant',
  },
];

const redeem = async (dialect: 'oauth' | 'smartcar', path: string, { registered, type, ...about }: Case) => {
  const trial = createResourceTrial();
  const app = await trial.register(dialect, { type, redirectUris: registered });
  const codeChallenge = about.hasPkce === true ? hash('sha256', VERIFIER, 'base64url') : undefined;
  const { redirectUri } = about;
  const { id } = app.client;
  const code = sampleCode({ clientId: id, redirectUri, codeChallenge, issuedAtMs: trial.context.clock() });
  await trial.memory.createCode(code);
  const form = {
    grant_type: 'authorization_code',
    code: sealCode(trial.context.keyRing.seal.active, DIALECTS[dialect].shapes.code, {
      grantId: code.grantId,
      issuedAt: toSeconds(code.issuedAtMs),
    }),
    ...(codeChallenge === undefined ? {} : { code_verifier: VERIFIER }),
  };
  return type === 'public' ? trial.post(path, { ...form, client_id: id }) : trial.post(path, form, app);
};

for (const [dialect, path] of [
  ['oauth', '/token'],
  ['smartcar', '/oauth/token'],
] as const)
  describe(`Without redirect_uri at the token endpoint of ${dialect}`, () => {
    for (const one of CASES)
      test(one.name, async () => {
        const { status, body } = await redeem(dialect, path, one);
        assert.deepEqual(
          [status, body['error']],
          one.error === undefined ? [200, undefined] : [400, one.error],
        );
      });
  });
