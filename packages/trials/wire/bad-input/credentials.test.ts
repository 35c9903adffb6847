import type { RequestParts } from '../../support/raw-request.ts';
import { tryBadInput } from './trial.ts';

const UNKNOWN_CLIENT = '00000000-0000-4000-8000-000000000000';

const authorization = (value: string | readonly string[] | undefined): RequestParts => ({
  headers: { Authorization: value },
});
const encode = (pair: string | Buffer): string => `Basic ${Buffer.from(pair).toString('base64')}`;
const basic = (pair: string | Buffer): RequestParts => authorization(encode(pair));
/** Every character as a percent sign and two digits. */
const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

tryBadInput('Bad client credentials at POST /oauth/token', 'smartcar', ({ refuses, accepts, served }) => {
  const good = (): string => encode(`${served().client.clientId}:${served().client.clientSecret}`);
  const form = (): string => `grant_type=refresh_token&refresh_token=${served().refreshToken}`;
  const inBody = (): string => {
    const { clientId, clientSecret } = served().client;
    return `${form()}&client_id=${clientId}&client_secret=${clientSecret}`;
  };

  refuses('401 invalid_client', 'an invalid Authorization', {
    missing: () => authorization(undefined),
    empty: () => authorization(''),
    'the scheme alone': () => authorization('Basic'),
    'not base64': () => authorization('Basic !!not-base64!!'),
    'words after the credentials': () => authorization(`${good()} and more`),
    'cut short': () => authorization(good().slice(0, -4)),
    'no space after the scheme': () => authorization(good().replace(' ', '')),
    'the pair without base64': ({ client }) =>
      authorization(`Basic ${client.clientId}:${client.clientSecret}`),
    'Bearer with the access token': ({ grant }) => authorization(`Bearer ${grant.accessToken}`),
    'Bearer with the credentials of Basic': () => authorization(good().replace('Basic', 'Bearer')),
    'Digest with the credentials of Basic': () => authorization(good().replace('Basic', 'Digest')),
    'sent twice': () => authorization([good(), good()]),
    'sent twice, the second wrong': () => authorization([good(), encode('x:y')]),
    'sent twice, the first wrong': () => authorization([encode('x:y'), good()]),
    'missing, with a wrong secret in the body': () => ({ ...authorization(undefined), body: `${inBody()}x` }),
  });

  refuses('401 invalid_client', 'Basic with an invalid pair', {
    'no colon': ({ client }) => basic(client.clientId),
    'an empty id': ({ client }) => basic(`:${client.clientSecret}`),
    'a colon only': () => basic(':'),
    'invalid UTF-8': () => basic(Buffer.from([0xff, 0xfe, 0x3a, 0xff])),
    'NUL before the id': ({ client }) => basic(`\0${client.clientId}:${client.clientSecret}`),
    'NUL as the id': ({ client }) => basic(`\0:${client.clientSecret}`),
    'NUL after the secret': ({ client }) => basic(`${client.clientId}:${client.clientSecret}\0`),
    'the halves swapped': ({ client }) => basic(`${client.clientSecret}:${client.clientId}`),
  });

  refuses('401 invalid_client', 'an unknown client or a wrong secret', {
    'an unknown client': ({ client }) => basic(`${UNKNOWN_CLIENT}:${client.clientSecret}`),
    'an id of 4000 characters': () => basic(`${'a'.repeat(4000)}:x`),
    'an id in capital letters': ({ client }) =>
      basic(`${client.clientId.toUpperCase()}:${client.clientSecret}`),
    'a wrong secret': ({ client }) => basic(`${client.clientId}:wrong`),
    'an empty secret': ({ client }) => basic(`${client.clientId}:`),
    'the secret without its last character': ({ client }) =>
      basic(`${client.clientId}:${client.clientSecret.slice(0, -1)}`),
    'a colon and more after the secret': ({ client }) => basic(`${client.clientId}:${client.clientSecret}:x`),
    'a colon before the secret': ({ client }) => basic(`${client.clientId}::${client.clientSecret}`),
    'an incomplete percent encoding after the secret': ({ client }) =>
      basic(`${client.clientId}:${client.clientSecret}%2`),
    "another client's secret": ({ client, otherClient }) =>
      basic(`${client.clientId}:${otherClient.clientSecret}`),
    'a client of the other dialect': ({ otherDialectClient }) =>
      basic(`${otherDialectClient.clientId}:${otherDialectClient.clientSecret}`),
  });

  refuses('400 invalid_request', 'credentials in header and body at once', {
    'the same ones': () => ({ body: inBody() }),
    'the secret only': ({ client }) => ({ body: `${form()}&client_secret=${client.clientSecret}` }),
    "another client's id": ({ otherClient }) => ({ body: `${form()}&client_id=${otherClient.clientId}` }),
  });

  accepts('Unusual credentials that are valid', {
    'the scheme in lower case': () => authorization(good().replace('Basic', 'basic')),
    'the scheme in capital letters': () => authorization(good().replace('Basic', 'BASIC')),
    'both halves percent-encoded': ({ client }) =>
      basic(`${percent(client.clientId)}:${percent(client.clientSecret)}`),
    'an empty client_secret in the body': () => ({ body: `${form()}&client_secret=` }),
    'no Authorization, and the credentials in the body': () => ({
      ...authorization(undefined),
      body: inBody(),
    }),
    'the same client_id in the body': ({ client }) => ({ body: `${form()}&client_id=${client.clientId}` }),
  });
});

tryBadInput(
  'Bad client credentials at POST /v1/auth/token-refresh',
  'pleos',
  ({ refuses, accepts, served }) => {
    /** The good members with these changes; `undefined` omits a member. */
    const members = (changes: Readonly<Record<string, unknown>>): RequestParts => {
      const { client, refreshToken } = served();
      const { clientId, clientSecret } = client;
      return { body: JSON.stringify({ clientId, clientSecret, refreshToken, ...changes }) };
    };
    /** The good body with this unescaped text after its secret. */
    const afterSecret = (text: string): RequestParts => {
      const { clientSecret } = served().client;
      return { body: String(members({}).body).replace(clientSecret, `${clientSecret}${text}`) };
    };

    refuses('400 401', 'an unknown client or a wrong secret', {
      'an unknown client': () => members({ clientId: UNKNOWN_CLIENT }),
      'an id in capital letters': ({ client }) => members({ clientId: client.clientId.toUpperCase() }),
      'an id with a trailing blank': ({ client }) => members({ clientId: `${client.clientId} ` }),
      'an id with a trailing NUL': ({ client }) => members({ clientId: `${client.clientId}\0` }),
      'an id that is half a surrogate pair': () => ({
        body: '{"clientId":"\\ud800","clientSecret":"x","refreshToken":"x"}',
      }),
      'an id of 10 000 characters': () => members({ clientId: 'a'.repeat(10_000) }),
      'a wrong secret': () => members({ clientSecret: 'wrong' }),
      'a blank secret': () => members({ clientSecret: ' ' }),
      'the secret without its last character': ({ client }) =>
        members({ clientSecret: client.clientSecret.slice(0, -1) }),
      'the secret with a trailing NUL': () => afterSecret('\\u0000'),
      'the secret with a trailing half of a surrogate pair': () => afterSecret('\\ud800'),
      "another client's secret": ({ otherClient }) => members({ clientSecret: otherClient.clientSecret }),
      'a client of the other dialect': ({ otherDialectClient: { clientId, clientSecret } }) =>
        members({ clientId, clientSecret }),
      'a client of the other dialect with its token': ({ otherDialectClient }) =>
        members({
          clientId: otherDialectClient.clientId,
          clientSecret: otherDialectClient.clientSecret,
          refreshToken: otherDialectClient.refreshToken,
        }),
    });

    refuses('400 4002 clientId clientSecret', 'credentials outside the body', {
      'in Basic': ({ client }) => ({
        ...members({ clientId: undefined, clientSecret: undefined }),
        ...basic(`${client.clientId}:${client.clientSecret}`),
      }),
      'with names of the other dialect': ({ client }) =>
        members({
          clientId: undefined,
          clientSecret: undefined,
          client_id: client.clientId,
          client_secret: client.clientSecret,
        }),
    });

    accepts('Unusual credentials that are valid', {
      'Basic credentials of another client in addition to the body': () => basic('x:y'),
    });
  },
);
