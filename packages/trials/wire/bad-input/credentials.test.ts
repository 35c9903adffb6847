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

  refuses('401 invalid_client', 'an Authorization that is none', {
    missing: () => authorization(undefined),
    empty: () => authorization(''),
    'the scheme alone': () => authorization('Basic'),
    'no base64': () => authorization('Basic !!not-base64!!'),
    'words behind the credentials': () => authorization(`${good()} and more`),
    'cut short': () => authorization(good().slice(0, -4)),
    'the scheme glued to the credentials': () => authorization(good().replace(' ', '')),
    'the pair in clear': ({ client }) => authorization(`Basic ${client.clientId}:${client.clientSecret}`),
    'Bearer with the access token': ({ grant }) => authorization(`Bearer ${grant.accessToken}`),
    'Bearer with the credentials of Basic': () => authorization(good().replace('Basic', 'Bearer')),
    'Digest with the credentials of Basic': () => authorization(good().replace('Basic', 'Digest')),
    'sent twice': () => authorization([good(), good()]),
    'sent twice, the second wrong': () => authorization([good(), encode('x:y')]),
    'sent twice, the first wrong': () => authorization([encode('x:y'), good()]),
    'missing, with the credentials in the body': () => ({ ...authorization(undefined), body: inBody() }),
  });

  refuses('401 invalid_client', 'Basic of a pair that is none', {
    'no colon': ({ client }) => basic(client.clientId),
    'an empty id': ({ client }) => basic(`:${client.clientSecret}`),
    'a colon only': () => basic(':'),
    'bytes that are no UTF-8': () => basic(Buffer.from([0xff, 0xfe, 0x3a, 0xff])),
    'NUL before the id': ({ client }) => basic(`\0${client.clientId}:${client.clientSecret}`),
    'NUL as the id': ({ client }) => basic(`\0:${client.clientSecret}`),
    'NUL after the secret': ({ client }) => basic(`${client.clientId}:${client.clientSecret}\0`),
    'the halves swapped': ({ client }) => basic(`${client.clientSecret}:${client.clientId}`),
  });

  refuses('401 invalid_client', 'an unknown client or a wrong secret', {
    'an unknown client': ({ client }) => basic(`${UNKNOWN_CLIENT}:${client.clientSecret}`),
    'an id of 4000 characters': () => basic(`${'a'.repeat(4000)}:x`),
    'an id in capitals': ({ client }) => basic(`${client.clientId.toUpperCase()}:${client.clientSecret}`),
    'a wrong secret': ({ client }) => basic(`${client.clientId}:wrong`),
    'an empty secret': ({ client }) => basic(`${client.clientId}:`),
    'the secret less its last character': ({ client }) =>
      basic(`${client.clientId}:${client.clientSecret.slice(0, -1)}`),
    'a colon and more behind the secret': ({ client }) =>
      basic(`${client.clientId}:${client.clientSecret}:x`),
    'a colon before the secret': ({ client }) => basic(`${client.clientId}::${client.clientSecret}`),
    'a broken percent sign behind the secret': ({ client }) =>
      basic(`${client.clientId}:${client.clientSecret}%2`),
    "another client's secret": ({ client, stranger }) => basic(`${client.clientId}:${stranger.clientSecret}`),
    'a client of the other dialect': ({ outsider }) => basic(`${outsider.clientId}:${outsider.clientSecret}`),
  });

  refuses('400 invalid_request', 'credentials in header and body at once', {
    'the same ones': () => ({ body: inBody() }),
    'the secret only': ({ client }) => ({ body: `${form()}&client_secret=${client.clientSecret}` }),
    "another client's id": ({ stranger }) => ({ body: `${form()}&client_id=${stranger.clientId}` }),
  });

  accepts('Credentials that only look bad', {
    'the scheme in small letters': () => authorization(good().replace('Basic', 'basic')),
    'the scheme in capitals': () => authorization(good().replace('Basic', 'BASIC')),
    'both halves percent-encoded': ({ client }) =>
      basic(`${percent(client.clientId)}:${percent(client.clientSecret)}`),
    'an empty client_secret in the body': () => ({ body: `${form()}&client_secret=` }),
    'the same client_id in the body': ({ client }) => ({ body: `${form()}&client_id=${client.clientId}` }),
  });
});

tryBadInput(
  'Bad client credentials at POST /v1/auth/token-refresh',
  'pleos',
  ({ refuses, accepts, served }) => {
    /** The good members with these instead; `undefined` leaves one out. */
    const members = (changes: Readonly<Record<string, unknown>>): RequestParts => {
      const { client, refreshToken } = served();
      const { clientId, clientSecret } = client;
      return { body: JSON.stringify({ clientId, clientSecret, refreshToken, ...changes }) };
    };
    /** The good body with this, unescaped, behind its secret. */
    const behindSecret = (text: string): RequestParts => {
      const { clientSecret } = served().client;
      return { body: String(members({}).body).replace(clientSecret, `${clientSecret}${text}`) };
    };

    refuses('400 401', 'an unknown client or a wrong secret', {
      'an unknown client': () => members({ clientId: UNKNOWN_CLIENT }),
      'an id in capitals': ({ client }) => members({ clientId: client.clientId.toUpperCase() }),
      'an id with a blank behind it': ({ client }) => members({ clientId: `${client.clientId} ` }),
      'an id with NUL behind it': ({ client }) => members({ clientId: `${client.clientId}\0` }),
      'an id that is half a surrogate pair': () => ({
        body: '{"clientId":"\\ud800","clientSecret":"x","refreshToken":"x"}',
      }),
      'an id of 10 000 characters': () => members({ clientId: 'a'.repeat(10_000) }),
      'a wrong secret': () => members({ clientSecret: 'wrong' }),
      'a blank secret': () => members({ clientSecret: ' ' }),
      'the secret less its last character': ({ client }) =>
        members({ clientSecret: client.clientSecret.slice(0, -1) }),
      'the secret with NUL behind it': () => behindSecret('\\u0000'),
      'the secret with half a surrogate pair behind it': () => behindSecret('\\ud800'),
      "another client's secret": ({ stranger }) => members({ clientSecret: stranger.clientSecret }),
      'a client of the other dialect': ({ outsider: { clientId, clientSecret } }) =>
        members({ clientId, clientSecret }),
      'a client of the other dialect with its token': ({ outsider }) =>
        members({
          clientId: outsider.clientId,
          clientSecret: outsider.clientSecret,
          refreshToken: outsider.refreshToken,
        }),
    });

    refuses('400 4002 clientId clientSecret', 'credentials elsewhere than in the body', {
      'in Basic': ({ client }) => ({
        ...members({ clientId: undefined, clientSecret: undefined }),
        ...basic(`${client.clientId}:${client.clientSecret}`),
      }),
      'under names of the other dialect': ({ client }) =>
        members({
          clientId: undefined,
          clientSecret: undefined,
          client_id: client.clientId,
          client_secret: client.clientSecret,
        }),
    });

    accepts('Credentials that only look bad', {
      'Basic credentials of another client beside the body': () => basic('x:y'),
    });
  },
);
