import { MEDIA_TYPES } from '../../wire/client-form.ts';
import type {
  DialectExamples,
  ExampleClient,
  ExampleCode,
  ExampleCredentials,
  ExampleRequest,
} from '../dialect.ts';

type Members = Readonly<Record<string, string>>;

const exchangeOf = ({ code, redirectUri }: ExampleCode) => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: redirectUri,
});

/** As JSON in a shell's double quotes: nothing of it is for the shell. */
const escape = (text: string): string =>
  text.replaceAll(/["\\$`]/g, (sign) => String.raw`\u00${sign.charCodeAt(0).toString(16)}`);

const refreshOf = (refreshToken: string) => ({ grant_type: 'refresh_token', refresh_token: refreshToken });

const withClient = (
  place: ExampleCredentials,
  { clientId, clientSecret }: ExampleClient,
  members: Members,
): Members => ({
  ...members,
  ...(place === 'body' && { client_id: clientId }),
  ...(place === 'body' && clientSecret !== '' && { client_secret: clientSecret }),
});

/** A shell command. Every value may be shell text for a word in double quotes. */
const commandOf = (
  target: string,
  place: ExampleCredentials,
  client: ExampleClient,
  members: Members,
): string => {
  const body = Object.entries(withClient(place, client, members)).map(
    ([name, value]) => String.raw`\"${name}\":\"${value}\"`,
  );
  return [
    `curl -X POST ${target}`,
    ...(place === 'header' ? [`-u "${client.clientId}:${client.clientSecret}"`] : []),
    `-H 'Content-Type: ${MEDIA_TYPES.json}' -d "{${body.join(',')}}" -w '\\n'`,
  ].join(' ');
};

const requestOf = (
  path: string,
  place: ExampleCredentials,
  client: ExampleClient,
  members: Members,
): ExampleRequest => {
  const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64');
  return {
    path,
    headers: {
      ...(place === 'header' && { authorization: `Basic ${basic}` }),
      'content-type': MEDIA_TYPES.json,
    },
    body: JSON.stringify(withClient(place, client, members)),
  };
};

/** The requests of RFC 6749 as JSON at a token endpoint. */
export const createJsonExamples = (
  tokenPath: string,
  place: ExampleCredentials,
): Pick<DialectExamples, 'refreshCommand' | 'exchangeCommand' | 'exchangeRequest' | 'refreshRequest'> => ({
  refreshCommand: (url, client, refreshToken) =>
    commandOf(`${url}${tokenPath}`, place, client, refreshOf(refreshToken)),
  exchangeCommand: (url, client, code) =>
    commandOf(
      `${url}${tokenPath}`,
      place,
      client,
      exchangeOf({ code: escape(code.code), redirectUri: escape(code.redirectUri) }),
    ),
  exchangeRequest: (client, code) => requestOf(tokenPath, place, client, exchangeOf(code)),
  refreshRequest: (client, { refreshToken }) => requestOf(tokenPath, place, client, refreshOf(refreshToken)),
});
