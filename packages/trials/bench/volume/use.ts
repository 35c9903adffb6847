import { DIALECTS } from '@keyfob/server/dialects';
import { sealRefreshToken, uuidV4Shape } from '@keyfob/server/tokens';
import type { Shape } from '@keyfob/server/tokens';
import type { Answer } from './connection.ts';
import type { Credentials, Volume } from './directory.ts';
import { brandAt, dialectAt, grantIdAt } from './grants.ts';

/** One use of a refresh token: the request, and a check of its answer. */
export type Use = {
  readonly request: string;
  /** Describes what is wrong with an answer; `undefined` for a correct one. */
  faultOf(answer: Answer): string | undefined;
};

type Wire = {
  readonly shape: Shape;
  readonly path: string;
  headersOf(credentials: Credentials, index: number): string;
  bodyOf(credentials: Credentials, token: string): string;
  successorIn(body: Readonly<Record<string, unknown>>): unknown;
};

const WIRES: Readonly<Record<'smartcar' | 'pleos', Wire>> = {
  smartcar: {
    shape: uuidV4Shape,
    path: '/oauth/token',
    headersOf: ({ clientId, clientSecret }) =>
      `Authorization: Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}\r\n` +
      'Content-Type: application/x-www-form-urlencoded',
    bodyOf: (_credentials, token) => `grant_type=refresh_token&refresh_token=${token}`,
    successorIn: (body) => body['refresh_token'],
  },
  pleos: {
    shape: DIALECTS.pleos.shapes.refreshToken,
    path: '/v1/auth/token-refresh',
    headersOf: (_credentials, index) => `Brand: ${brandAt(index)}\r\nContent-Type: application/json`,
    bodyOf: (credentials, refreshToken) => JSON.stringify({ ...credentials, refreshToken }),
    successorIn: (body) => (body['data'] as Readonly<Record<string, unknown>> | undefined)?.['refreshToken'],
  },
};

/**
 * The use with a number. Grants are used in the order of their indexes, which is a random order of ids. Tokens are sealed
 * here as the server seals them, so that ten million tokens need not be stored.
 */
export const useAt = ({ grants, clients, keyRing }: Volume, number: number): Use => {
  const index = number % grants;
  const generation = 1 + Math.floor(number / grants);
  const dialect = dialectAt(index);
  const wire = WIRES[dialect];
  const credentials = clients[dialect];
  const seal = (wanted: number): string =>
    sealRefreshToken(keyRing.seal.active, wire.shape, grantIdAt(index), wanted);
  const body = wire.bodyOf(credentials, seal(generation));
  const head = [
    `POST ${wire.path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'User-Agent: keyfob-volume',
    wire.headersOf(credentials, index),
    `Content-Length: ${body.length}`,
  ];
  return {
    request: `${head.join('\r\n')}\r\n\r\n${body}`,
    faultOf(answer) {
      if (answer.status !== 200) return `use ${number} got the answer ${answer.status}: ${answer.body}`;
      const successor = wire.successorIn(JSON.parse(answer.body) as Readonly<Record<string, unknown>>);
      return successor === seal(generation + 1)
        ? undefined
        : `use ${number} got a token that is not the successor`;
    },
  };
};
