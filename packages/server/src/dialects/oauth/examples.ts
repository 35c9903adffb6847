import { joinReadScopes } from '../../clients/scopes.ts';
import type { Scope } from '../../clients/scopes.ts';
import type { BodyFormat } from '../../wire/client-form.ts';
import type {
  DialectExamples,
  ExampleClient,
  ExampleCode,
  ExampleCredentials,
  ExampleRequest,
} from '../dialect.ts';
import { createJsonExamples } from './json-examples.ts';
import { oauthScopes } from './scopes.ts';

/** What the demo asks for, where the dialect has these scopes. */
const DEMO_SCOPES = new Set(['read_odometer', 'read_location']);

/** Encoded for a form, and for a shell inside of single quotes. */
const encode = (text: string): string => encodeURIComponent(text).replaceAll("'", '%27');

const exchangeFields = ({ code, redirectUri }: ExampleCode): readonly string[] => [
  'grant_type=authorization_code',
  `code=${encode(code)}`,
  `redirect_uri=${encode(redirectUri)}`,
];

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

const requestOf = (
  path: string,
  place: ExampleCredentials,
  { clientId, clientSecret }: ExampleClient,
  fields: readonly string[],
): ExampleRequest => {
  if (place === 'header') {
    const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    return { path, headers: { authorization: `Basic ${basic}`, ...FORM }, body: fields.join('&') };
  }
  const secret = clientSecret === '' ? [] : [`client_secret=${encode(clientSecret)}`];
  return { path, headers: FORM, body: [...fields, `client_id=${encode(clientId)}`, ...secret].join('&') };
};

/** The same for a command; the secret may be shell text. */
const credentialsOf = (place: ExampleCredentials, { clientId, clientSecret }: ExampleClient): string =>
  place === 'header'
    ? `-u "${clientId}:${clientSecret}"`
    : `-d client_id=${clientId} -d client_secret="${clientSecret}"`;

/** The requests of RFC 6749 at a token endpoint. */
export const createRequestExamples = (
  tokenPath: string,
  place: ExampleCredentials = 'header',
): Pick<DialectExamples, 'exchangeCommand' | 'exchangeRequest' | 'refreshRequest'> => ({
  exchangeCommand: (url, client, code) =>
    [
      `curl -X POST ${url}${tokenPath} ${credentialsOf(place, client)}`,
      ...exchangeFields(code).map((field) => `-d '${field}'`),
      `-w '\\n'`,
    ].join(' '),
  exchangeRequest: (client, code) => requestOf(tokenPath, place, client, exchangeFields(code)),
  refreshRequest: (client, { refreshToken }) =>
    requestOf(tokenPath, place, client, [
      'grant_type=refresh_token',
      `refresh_token=${encode(refreshToken)}`,
    ]),
});

/** Examples for endpoints at these paths. */
export const createExamples = (paths: {
  readonly authorization: string;
  readonly token: string;
  readonly credentials?: ExampleCredentials;
  /** How the bodies are written; a form if left out. */
  readonly body?: BodyFormat;
  /** The scopes of the dialect; those of RFC 6749 servers here if left out. */
  readonly scopes?: readonly Scope[];
}): DialectExamples => {
  const place = paths.credentials ?? 'header';
  const names = joinReadScopes(paths.scopes ?? oauthScopes).split(' ');
  const [exampleScope = ''] = names;
  const demoScope = names.filter((name) => DEMO_SCOPES.has(name)).join(' ') || exampleScope;
  const authorize = (clientId: string, redirectUri: string, scope: string, state: string): string =>
    `${paths.authorization}?response_type=code&client_id=${clientId}` +
    `&redirect_uri=${encodeURIComponent(redirectUri)}&scope=${encodeURIComponent(scope)}&state=${state}`;

  return {
    demoScope,
    authorizationTarget: ({ clientId, redirectUri }) =>
      `${authorize(clientId, redirectUri, exampleScope, '1')}&code_challenge=CHALLENGE&code_challenge_method=S256`,
    demoAuthorizationTarget: ({ clientId, redirectUri }) =>
      authorize(clientId, redirectUri, demoScope, 'demo'),
    refreshCommand: (url, { clientId, clientSecret }, refreshToken) =>
      `curl -X POST ${url}${paths.token} ` +
      (place === 'header'
        ? `-u '${clientId}:${clientSecret}' `
        : `-d client_id=${clientId} -d client_secret=${clientSecret} `) +
      `-d grant_type=refresh_token -d refresh_token="${refreshToken}" -w '\\n'`,
    ...createRequestExamples(paths.token, place),
    ...(paths.body === 'json' ? createJsonExamples(paths.token, place) : {}),
  };
};
