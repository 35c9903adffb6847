import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeClientsPage } from '../../guide/describe-clients-page.ts';
import { paste, readBlocks } from '../../guide/guide.ts';
import { testJwtCheck } from '../../guide/test-jwt-check.ts';
import { REDIRECT_URI } from '../../support/code-maker.ts';
import { consentOn, VEHICLES } from '../../support/consented-grant.ts';
import type { MadeClient } from '../../support/keyfob-process.ts';
import { serverFor } from '../../support/test-directory.ts';
import { describeLanguage } from './describe-language.ts';
import { describeLibrary } from './library-cases.ts';
import type { Library } from './library-cases.ts';
import { pathOf } from './install.ts';
import { installPython } from './python.ts';

const RACES = [{ call: 'race', racers: 20 }] as const;

/** The class names of oauthlib's errors. */
const OAUTHLIB_ERRORS: Readonly<Record<string, string>> = {
  invalid_grant: 'InvalidGrantError',
  // The first of its classes with this code, in the order of the alphabet.
  invalid_request: 'InvalidClientIdError',
  invalid_client: 'InvalidClientError',
};
const typeOfOauthlib = (error: string): string => OAUTHLIB_ERRORS[error] ?? '';
const OAUTHLIB_OUTAGE = { type: 'TemporarilyUnavailableError', error: 'temporarily_unavailable' };

const LIBRARIES: readonly Library[] = [
  {
    name: 'smartcar',
    races: RACES,
    typeOf: () => 'SmartcarException',
    hasStatus: true,
    outage: { type: 'SmartcarException', error: 'temporarily_unavailable', status: 503 },
  },
  {
    name: 'authlib with requests',
    races: RACES,
    typeOf: () => 'OAuthError',
    hasStatus: false,
    outage: { type: 'HTTPError', status: 503, retryAfter: '2' },
  },
  {
    name: 'authlib with httpx',
    races: RACES,
    typeOf: () => 'OAuthError',
    hasStatus: false,
    outage: { type: 'HTTPStatusError', status: 503, retryAfter: '2' },
  },
  {
    name: 'requests-oauthlib',
    races: RACES,
    typeOf: typeOfOauthlib,
    hasStatus: false,
    outage: OAUTHLIB_OUTAGE,
  },
  {
    name: 'requests-oauthlib, automatic refresh',
    races: RACES,
    typeOf: typeOfOauthlib,
    hasStatus: false,
    outage: OAUTHLIB_OUTAGE,
  },
  {
    name: 'httpx-oauth',
    races: RACES,
    typeOf: () => 'OAuth2RequestError',
    hasStatus: true,
    outage: { type: 'OAuth2RequestError', error: 'temporarily_unavailable', status: 503, retryAfter: '2' },
  },
];

const PAGE = 'clients/python.md';
const [variables = '', showConsentPage = ''] = readBlocks(PAGE, 'sh');
const [tokens = '', smartcar = '', authlib = '', requestsOauthlib = '', httpxOauth = ''] = readBlocks(
  PAGE,
  'python',
);

/** Puts a program of the page and the module that it imports into a folder. Returns the lines that run it. */
const place =
  (program: string) =>
  (folder: string): string => {
    writeFileSync(join(folder, 'tokens.py'), tokens);
    writeFileSync(join(folder, 'refresh.py'), program);
    return `${program === smartcar ? variables : ''}python3 refresh.py`;
  };

await describeLanguage('Python', installPython, ({ clients, environment }) => {
  for (const library of LIBRARIES) describeLibrary(clients, library);
  describeClientsPage({
    page: PAGE,
    environment,
    showConsentPage: () => `${variables}${showConsentPage}`,
    programs: {
      'the SDK of Smartcar': place(smartcar),
      Authlib: place(authlib),
      'requests-oauthlib': place(requestsOauthlib),
      'httpx-oauth': place(httpxOauth),
    },
    waiting: ['the SDK of Smartcar'],
  });
  test('smartcar: from the code to the error after the last vehicle is disconnected', async (t) => {
    const server = await serverFor(t);
    const client = await server.command<MadeClient>('client', 'create', '--dialect', 'smartcar');
    const code = await consentOn(server, 'smartcar', client, { scope: 'read_vehicle_info' });
    const credentials = {
      ISSUER: server.url,
      CLIENT_ID: client.clientId,
      CLIENT_SECRET: client.clientSecret,
    };
    const printed = await paste(`${variables}python3 ${pathOf('python/vehicles.py')}`, {
      ...environment,
      ...credentials,
      CODE: code,
      SMARTCAR_REDIRECT_URI: REDIRECT_URI,
    });
    assert.deepEqual(JSON.parse(printed), {
      owner: 'owner-1',
      vehicles: VEHICLES.map(({ id }) => id),
      make: 'HYUNDAI',
      permissions: ['read_vehicle_info'],
      disconnected: ['success', 'success'],
      afterwards: [401, 'AUTHENTICATION'],
    });
  });
  testJwtCheck('PyJWT', environment, (folder) => {
    writeFileSync(join(folder, 'check.py'), readBlocks('resource-server.md', 'python')[0] ?? '');
    return 'python3 check.py';
  });
});
