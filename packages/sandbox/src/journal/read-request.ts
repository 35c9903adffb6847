import type { WireRequest } from '@keyfob/server/wire';

/** What a request says, read leniently: the server decides whether it is right. */
export type SentRequest = {
  /** By name; the names of each dialect. The values may be secrets. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly clientId: string | undefined;
  readonly bearer: string | undefined;
  /** Of the Authorization header, where it is one that the server knows. */
  readonly scheme: 'basic' | 'bearer' | undefined;
};

/** The token of a request, under each dialect's name for it. */
const TOKEN_NAMES = ['refresh_token', 'refreshToken', 'code', 'token'] as const;

/** Reads the query, the form or JSON body, and the credentials of a request. */
export const readRequest = ({ query, headers, body }: WireRequest): SentRequest => {
  const parameters = new Map([
    ...new URLSearchParams(query),
    ...readBody(body, headers['content-type'] ?? ''),
  ]);
  const authorization = headers['authorization'] ?? '';
  const bearer = /^bearer +(?<token>\S+)$/i.exec(authorization.trim())?.groups?.['token'];
  const basicId = readBasicId(authorization);
  return {
    parameters,
    scheme: basicId === undefined ? (bearer === undefined ? undefined : 'bearer') : 'basic',
    bearer,
    clientId: basicId ?? parameters.get('client_id') ?? parameters.get('clientId'),
  };
};

/** The text that stands where a token belongs; `undefined` where there is none. */
export const presentedToken = ({ parameters, bearer }: SentRequest): string | undefined => {
  const name = TOKEN_NAMES.find((one) => parameters.has(one));
  return (name === undefined ? undefined : parameters.get(name)) ?? bearer;
};

const readBody = (body: Buffer, contentType: string): readonly (readonly [string, string])[] => {
  if (body.length === 0) return [];
  const text = body.toString();
  if (/^\s*\ufeff?\{/.test(text) || contentType.includes('json')) {
    try {
      const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
      return Object.entries(value ?? {}).flatMap(([name, one]) =>
        typeof one === 'string' ? [[name, one] as const] : [],
      );
    } catch {
      return [];
    }
  }
  return [...new URLSearchParams(text)];
};

/** The id in Basic credentials, which clients send raw or form-encoded. */
const readBasicId = (authorization: string): string | undefined => {
  const encoded = /^basic +(?<encoded>\S+)$/i.exec(authorization.trim())?.groups?.['encoded'];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : text.slice(0, colon);
};
