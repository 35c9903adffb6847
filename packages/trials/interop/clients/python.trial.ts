import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeClientsPage } from '../../guide/describe-clients-page.ts';
import { readBlocks } from '../../guide/guide.ts';
import { describeLanguage } from './describe-language.ts';
import { describeLibrary } from './library-cases.ts';
import type { Library } from './library-cases.ts';
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
  });
});
