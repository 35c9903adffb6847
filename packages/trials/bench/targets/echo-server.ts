import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endWithParent } from './script-process.ts';

/** Each token's answer contains the other token, so that every refresh returns a new one. */
const TOKENS = ['5f0c6a9d-e01b-47a2-93cc-8d15e07b64f0', '5f0c6a9d-e01b-47a2-93cc-8d15e07b64f1'] as const;
const BODIES = TOKENS.map((_, index) =>
  JSON.stringify({
    access_token: 'cf7ba7e9-1c5d-417d-a99f-c386cfc235cc',
    token_type: 'Bearer',
    expires_in: 7200,
    refresh_token: TOKENS[1 - index],
  }),
);
const SECOND_TOKEN_END = '1'.charCodeAt(0);
/** The same values as in Keyfob. Every answer includes both in its headers. */
const KEEP_ALIVE_MS = 75_000;
const REQUESTS_PER_CONNECTION_MAX = 1_000_000;

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const received = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const body = BODIES[received?.at(-1) === SECOND_TOKEN_END ? 1 : 0] ?? '';
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      Pragma: 'no-cache',
      'sc-request-id': '9f7e3a31-2f0a-4a4c-8a52-0a2a3b6a3a57',
      'Content-Length': Buffer.byteLength(body),
    });
    response.end(body);
  });
});

server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION_MAX;
endWithParent();
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port, refreshToken: TOKENS[0] });
});
