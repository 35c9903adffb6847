import { request } from 'node:http';
import type { Agent, IncomingMessage } from 'node:http';
import type { Outcome } from './call.ts';

/** A client and its wire format. */
export type WireClient = {
  readonly dialect: 'smartcar' | 'pleos';
  readonly clientId: string;
  readonly clientSecret: string;
};

/** Where and how a call is sent. */
export type Route = {
  readonly port: number;
  readonly agent: Agent;
  /** The time without a complete answer after which the client gives up; `undefined` for a patient client. */
  readonly timeoutMs: number | undefined;
};

type Wire = {
  readonly path: string;
  write(
    client: WireClient,
    token: string,
  ): { readonly headers: Record<string, string>; readonly body: string };
  readPair(body: Body): { readonly refreshToken: unknown; readonly accessToken: unknown };
  readCode(body: Body): unknown;
  readonly deadTokenCode: string;
};

type Body = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

const WIRES: Readonly<Record<WireClient['dialect'], Wire>> = {
  smartcar: {
    path: '/oauth/token',
    write: ({ clientId, clientSecret }, token) => ({
      headers: {
        Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }).toString(),
    }),
    readPair: (body) => ({ refreshToken: body['refresh_token'], accessToken: body['access_token'] }),
    readCode: (body) => body['error'],
    deadTokenCode: 'invalid_grant',
  },
  pleos: {
    path: '/v1/auth/token-refresh',
    write: ({ clientId, clientSecret }, refreshToken) => ({
      headers: { Brand: 'hyundai', 'Content-Type': 'application/json' },
      body: JSON.stringify({ clientId, clientSecret, refreshToken }),
    }),
    readPair: (body) => ({
      refreshToken: body['data']?.['refreshToken'],
      accessToken: body['data']?.['accessToken'],
    }),
    readCode: (body) => body['error']?.['code'],
    deadTokenCode: '4002',
  },
};

/** No server listened, so nothing was sent and the call has no outcome. */
export type Unsent = { readonly kind: 'unsent' };

/** Presents a refresh token once. Never rejects. */
export const sendRefresh = (
  client: WireClient,
  token: string,
  idempotencyKey: string | undefined,
  route: Route,
): Promise<Outcome | Unsent> => {
  const wire = WIRES[client.dialect];
  const { headers, body } = wire.write(client, token);
  return new Promise((resolve) => {
    let status: number | undefined;
    const sent = request(
      {
        host: '127.0.0.1',
        port: route.port,
        agent: route.agent,
        method: 'POST',
        path: wire.path,
        headers: {
          'User-Agent': 'keyfob-trials',
          'Content-Length': Buffer.byteLength(body),
          ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
          ...headers,
        },
      },
      (response) => {
        status = response.statusCode;
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => resolve({ kind: 'lost', status }));
        response.on('end', () => {
          clearTimeout(timeout);
          resolve(
            response.complete ? readOutcome(wire, response, Buffer.concat(chunks)) : { kind: 'lost', status },
          );
        });
      },
    );
    const timeout =
      route.timeoutMs === undefined ? undefined : setTimeout(() => sent.destroy(), route.timeoutMs);
    sent.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timeout);
      resolve(error.code === 'ECONNREFUSED' ? { kind: 'unsent' } : { kind: 'lost', status });
    });
    sent.end(body);
  });
};

const readOutcome = (wire: Wire, { statusCode = 0, headers }: IncomingMessage, bytes: Buffer): Outcome => {
  const body = parseBody(bytes);
  const code = wire.readCode(body);
  const { refreshToken, accessToken } = wire.readPair(body);
  if (statusCode === 200 && typeof refreshToken === 'string' && typeof accessToken === 'string')
    return { kind: 'answered', refreshToken, accessToken };
  if (statusCode === 400 && code === wire.deadTokenCode) return { kind: 'refused' };
  if (statusCode === 503) return { kind: 'unavailable', retryAfter: headers['retry-after'] };
  return { kind: 'other', status: statusCode, code: JSON.stringify(code) ?? 'without a code' };
};

const parseBody = (bytes: Buffer): Body => {
  try {
    return JSON.parse(bytes.toString()) as Body;
  } catch {
    return {};
  }
};
