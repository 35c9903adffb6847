import { DIALECTS } from '@keyfob/server/dialects';
import { sealRefreshToken, uuidShape } from '@keyfob/server/tokens';
import type { Shape } from '@keyfob/server/tokens';
import type { Answer } from './connection.ts';
import type { Credentials, Volume } from './directory.ts';
import { brandAt, dialectAt, grantIdAt } from './grants.ts';

/** One use of a refresh token: what is sent, and the one right answer to it. */
export type Use = {
  readonly request: string;
  /** What was wrong with an answer; `undefined` for nothing. */
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
    shape: uuidShape,
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
 * The use of a number. Grants are used in turn, in the order of their indexes and so in a random order of their ids. Tokens
 * are sealed here as the server seals them, so that nothing has to be remembered of ten million grants.
 */
export const useAt = ({ grants, clients, keyRing }: Volume, number: number): Use => {
  const index = number % grants;
  const generation = 1 + Math.floor(number / grants);
  const dialect = dialectAt(index);
  const wire = WIRES[dialect];
  const credentials = clients[dialect];
  const seal = (of: number): string => sealRefreshToken(keyRing.newest, wire.shape, grantIdAt(index), of);
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
      if (answer.status !== 200) return `use ${number} was answered ${answer.status}: ${answer.body}`;
      const successor = wire.successorIn(JSON.parse(answer.body) as Readonly<Record<string, unknown>>);
      return successor === seal(generation + 1)
        ? undefined
        : `use ${number} got another token than the successor`;
    },
  };
};
