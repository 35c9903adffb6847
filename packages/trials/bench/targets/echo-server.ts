import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endWithParent } from './script-process.ts';

const ID = '9f7e3a31-2f0a-4a4c-8a52-0a2a3b6a3a57';

/** What the bare server answers in each dialect: the same bytes as Keyfob. */
const ANSWERS = {
  smartcar: {
    tokens: ['5f0c6a9d-e01b-47a2-93cc-8d15e07b64f0', '5f0c6a9d-e01b-47a2-93cc-8d15e07b64f1'],
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      Pragma: 'no-cache',
      'sc-request-id': ID,
    },
    body: (refreshToken: string): object => ({
      access_token: 'cf7ba7e9-1c5d-417d-a99f-c386cfc235cc',
      token_type: 'Bearer',
      expires_in: 7200,
      refresh_token: refreshToken,
    }),
    /** How many bytes of the request follow the refresh token. */
    bytesAfterToken: 0,
  },
  pleos: {
    tokens: ['1OM4V5O4T8Q07V87R7JG7U2K1MIBSADLVMU0', '1OM4V5O4T8Q07V87R7JG7U2K1MIBSADLVMU1'],
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'X-Request-Id': ID },
    body: (refreshToken: string): object => ({
      data: { accessToken: 'a'.repeat(428), refreshToken },
      meta: {
        code: 200,
        message: 'Success',
        success: 'true',
        timestamp: '2025-09-01T11:00:00Z',
        requestId: ID,
      },
    }),
    bytesAfterToken: '"}'.length,
  },
} as const;
const {
  tokens,
  headers,
  body: bodyWith,
  bytesAfterToken,
} = ANSWERS[process.argv[2] === 'pleos' ? 'pleos' : 'smartcar'];
/** Each token's answer contains the other token, so that every refresh returns a new one. */
const BODIES = [JSON.stringify(bodyWith(tokens[1])), JSON.stringify(bodyWith(tokens[0]))];
const SECOND_TOKEN_END = '1'.charCodeAt(0);
/** The same values as in Keyfob. Every answer includes both in its headers. */
const KEEP_ALIVE_MS = 75_000;
const REQUESTS_PER_CONNECTION_MAX = 1_000_000;

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const received = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const body = BODIES[received?.at(-1 - bytesAfterToken) === SECOND_TOKEN_END ? 1 : 0] ?? '';
    response.writeHead(200, { ...headers, 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  });
});

server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION_MAX;
endWithParent();
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port, refreshToken: tokens[0] });
});
