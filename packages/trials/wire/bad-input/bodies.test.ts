import { tryBadInput } from './trial.ts';
import type { RequestParts } from '../../support/raw-request.ts';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const INVALID_UTF8 = Buffer.from([0xff, 0xc0]);

const type = (value: string | readonly string[] | undefined): RequestParts => ({
  headers: { 'Content-Type': value },
});
const body = (...pieces: readonly (string | Buffer)[]): RequestParts => ({
  body: Buffer.concat(pieces.map((piece) => Buffer.from(piece))),
});

tryBadInput('A bad body at POST /oauth/token', 'smartcar', ({ refuses, accepts, served }) => {
  const form = (): string => `grant_type=refresh_token&refresh_token=${served().refreshToken}`;
  const json = (): string =>
    JSON.stringify({ grant_type: 'refresh_token', refresh_token: served().refreshToken });
  const padded = (bytes: number): RequestParts => body(`${form()}&x=`.padEnd(bytes, 'x'));

  refuses('400 invalid_request', 'a missing or repeated parameter', {
    'an empty body': () => body(''),
    'no grant_type': ({ refreshToken }) => body(`refresh_token=${refreshToken}`),
    'an empty grant_type': ({ refreshToken }) => body(`grant_type=&refresh_token=${refreshToken}`),
    'refresh_token twice': ({ refreshToken }) => body(`${form()}&refresh_token=${refreshToken}`),
    'refresh_token twice, the first empty': () => body(`refresh_token=&${form()}`),
    'refresh_token twice, once with its name encoded': ({ refreshToken }) =>
      body(`${form()}&refresh%5Ftoken=${refreshToken}`),
    'grant_type twice': () => body(`grant_type=refresh_token&${form()}`),
    'an unknown parameter twice': () => body(`${form()}&x=1&x=2`),
    'ampersands up to the limit': () => body('&'.repeat(16_384)),
  });

  refuses('400 unsupported_grant_type', 'an unknown grant_type', {
    password: () => body('grant_type=password&username=a&password=b'),
    'in capital letters': () => body(form().replace('refresh_token', 'REFRESH_TOKEN')),
    'with a trailing blank': () => body(form().replace('refresh_token', 'refresh_token+')),
    'a property name of every object': () => body(form().replace('refresh_token', '__proto__')),
  });

  refuses('400 invalid_request', 'a malformed form', {
    'invalid UTF-8': () => body(form(), '&x=', INVALID_UTF8),
    'invalid UTF-8 after the token': () => body(form(), INVALID_UTF8),
    'percent encoding of invalid UTF-8': () => body(`${form()}&x=%ff%c0`),
    'a percent sign without digits': () => body(`${form()}&x=%zz`),
    'a percent sign at the end': () => body(`${form()}%`),
    'a byte order mark': () => body(`\ufeff${form()}`),
    'UTF-16': () => body(Buffer.from(form(), 'utf16le')),
    'NUL bytes only': () => body(Buffer.alloc(64)),
    'NUL before the body': () => body(`\0${form()}`),
  });

  refuses('400 invalid_request', 'a wrong content type', {
    'JSON with its own type': () => ({ ...type(JSON_TYPE), ...body(json()) }),
    'JSON with the type of a form': () => body(json()),
    'a form with the type of JSON': () => type(JSON_TYPE),
    'a form without a type': () => type(undefined),
    'a form with an empty type': () => type(''),
    'a form with the type of text': () => type('text/plain'),
    'a multipart form': () => type('multipart/form-data; boundary=x'),
    'the type of a form with an extra letter': () => type(`${FORM}s`),
    'the type twice': () => type([FORM, FORM]),
  });

  refuses('413 invalid_request', 'a body that is too large', {
    'one byte more than 16 KiB': () => padded(16_385),
    '17 KiB': () => padded(17 * 1024),
    'a million bytes': () => padded(1_000_000),
  });

  accepts('An unusual body that is valid', {
    'unknown parameters': () => body(`allow_redirects=True&${form()}&x=%00`),
    'empty fields between ampersands': () => body(`&&${form()}&&`),
    'a charset on the type': () => type(`${FORM}; charset=utf-8`),
    'the type in capital letters': () => type(`${FORM.toUpperCase()} ;Charset=UTF-8`),
    'exactly 16 KiB': () => padded(16_384),
  });
});

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

tryBadInput('A bad body at POST /v1/auth/token-refresh', 'pleos', ({ refuses, accepts, served }) => {
  const good = () => {
    const { client, refreshToken } = served();
    return { clientId: client.clientId, clientSecret: client.clientSecret, refreshToken };
  };
  const json = (): string => JSON.stringify(good());
  const form = (): string => new URLSearchParams(good()).toString();
  /** The good members with these changes; `undefined` omits a member. */
  const members = (changes: Readonly<Record<string, unknown>>): RequestParts =>
    body(JSON.stringify({ ...good(), ...changes }));

  refuses('400 4002 body', 'not a JSON object', {
    empty: () => body(''),
    blank: () => body(' \n'),
    'a form with the type of JSON': () => body(form()),
    'a form without a type': () => ({ ...type(undefined), ...body(form()) }),
    'cut short': () => body(json().slice(0, -1)),
    'an object followed by more text': () => body(`${json()}{}`),
    'an extra comma': () => body(json().replace('}', ',}')),
    'single quotes': () => body(json().replaceAll('"', "'")),
    'an array of the good object': () => body(`[${json()}]`),
    'a string of the good object': () => body(JSON.stringify(json())),
    null: () => body('null'),
    'a number': () => body('4002'),
    'an array nested 8000 deep': () => body(nested(8000)),
    'an array nested 16 000 deep and never closed': () => body('['.repeat(16_000)),
    'invalid UTF-8': () => body('{"x":"', INVALID_UTF8, `",${json().slice(1)}`),
    'two byte order marks': () => body(`\ufeff\ufeff${json()}`),
    'a byte order mark alone': () => body('\ufeff'),
    'a byte order mark inside the object': () => body(json().replace('{', '{\ufeff')),
    'UTF-16': () => body(Buffer.from(json(), 'utf16le')),
    'NUL bytes only': () => body(Buffer.alloc(64)),
    'NUL after the object': () => body(`${json()}\0`),
    'a raw NUL inside a member': () => body(json().replace('"}', '\0"}')),
    'one byte more than 16 KiB': () => body(json().padEnd(16_385)),
    '17 KiB': () => body(json().padEnd(17 * 1024)),
    'a million bytes': () => body(json().padEnd(1_000_000)),
  });

  refuses('400 4002 Content-Type', 'a wrong content type', {
    'a form with its own type': () => ({ ...type(FORM), ...body(form()) }),
    'JSON with the type of a form': () => type(FORM),
    'JSON with the type of text': () => type('text/plain'),
    'JSON with a type that only ends in json': () => type('application/problem+json'),
    'the type twice': () => type([JSON_TYPE, JSON_TYPE]),
  });

  refuses('400 4002 clientId clientSecret refreshToken', 'members that are missing or misplaced', {
    none: () => body('{}'),
    'with the names of the other dialect': () =>
      body('{"client_id":"x","client_secret":"x","refresh_token":"x"}'),
    'in lower case': () => body(json().replace(/"\w+":/g, (name) => name.toLowerCase())),
    'inside __proto__': () => body(`{"__proto__":${json()}}`),
    'inside another member': () => body(`{"data":${json()}}`),
    'an object nested 2000 deep': () => body(`${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`),
  });

  refuses('400 4002 clientId', 'a bad clientId', {
    missing: () => members({ clientId: undefined }),
    empty: () => members({ clientId: '' }),
    true: () => members({ clientId: true }),
  });

  refuses('400 4002 clientSecret', 'a bad clientSecret', {
    missing: () => members({ clientSecret: undefined }),
    empty: () => members({ clientSecret: '' }),
    zero: () => members({ clientSecret: 0 }),
    'the good one in an array': ({ client }) => members({ clientSecret: [client.clientSecret] }),
  });

  refuses('400 4002 refreshToken', 'a bad refreshToken', {
    missing: () => members({ refreshToken: undefined }),
    null: () => members({ refreshToken: null }),
    'the good one in an array': ({ refreshToken }) => members({ refreshToken: [refreshToken] }),
    'the good one in an object': ({ refreshToken }) => members({ refreshToken: { value: refreshToken } }),
  });

  refuses('400 4002 body', 'a repeated member', {
    'the token, the good one last': () => body(json().replace('{', '{"refreshToken":"x",')),
    'the token, the good one first': () => body(json().replace('}', ',"refreshToken":"x"}')),
    'the secret, the good one last': () => body(json().replace('{', '{"clientSecret":"x",')),
    'the secret, the good one first': () => body(json().replace('}', ',"clientSecret":"x"}')),
  });

  accepts('An unusual body that is valid', {
    'no type': () => type(undefined),
    'a charset on the type': () => type('Application/JSON; charset=utf-8'),
    'unknown members': () => members({ allow_redirects: true, list: [null] }),
    'an unknown member nested 4000 deep': () => body(json().replace('}', `,"x":${nested(4000)}}`)),
    'an escaped name': () => body(json().replace('"refreshToken"', String.raw`"\u0072efreshToken"`)),
    'a byte order mark': () => body(`\ufeff${json()}`),
    'blanks around the object': () => body(`\r\n ${json()} \n`),
    'exactly 16 KiB': () => body(json().padEnd(16_384)),
  });
});
