import { readFileSync } from 'node:fs';
import { createServer as createProxy, request as sendRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { makeCertificate } from '../../support/postgres/certificate.ts';
import type { Skipped } from '../../support/skipped.ts';

/** The hosts of vendors, which all lead to one server. A client reaches them by the settings for proxies and certificates that it has. */
export type VendorFront = {
  /** Where a client without a vendor's host sends its requests. */
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The server answers the next request, and the client does not get the answer. */
  loseNextAnswer(): void;
  close(): void;
};

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

/** Stands in front of the server at `target`, with a certificate for `hosts`. Returns a reason if there is none. */
export const openVendorFront = async (
  target: string,
  hosts: readonly [string, ...string[]],
): Promise<VendorFront | Skipped> => {
  const certificate = makeCertificate(...hosts);
  if ('reason' in certificate) return { skipped: certificate.reason };
  let isLosing = false;
  const forward = (request: IncomingMessage, response: ServerResponse): void => {
    const { method, url = '/', headers } = request;
    const sent = sendRequest(new URL(url, target), { method, headers }, (answer) => {
      if (isLosing) {
        isLosing = false;
        answer.resume().on('end', () => request.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    sent.on('error', () => request.socket.destroy());
    request.pipe(sent);
  };
  const pem = { key: readFileSync(certificate.key), cert: readFileSync(certificate.certificate) };
  const tls = createTlsServer(pem, forward);
  const tlsPort = await listen(tls);
  const proxy = createProxy(forward);
  const sockets = new Set<Socket>();
  proxy.on('connect', (_request, socket: Socket) => {
    const inner = connect(tlsPort, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    for (const [one, other] of [
      [inner, socket],
      [socket, inner],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  const url = `http://127.0.0.1:${await listen(proxy)}`;
  return {
    url,
    environment: {
      HTTPS_PROXY: url,
      https_proxy: url,
      NO_PROXY: '127.0.0.1',
      SSL_CERT_FILE: certificate.certificate,
      REQUESTS_CA_BUNDLE: certificate.certificate,
      NODE_EXTRA_CA_CERTS: certificate.certificate,
      NODE_USE_ENV_PROXY: '1',
    },
    loseNextAnswer: () => void (isLosing = true),
    close() {
      for (const socket of sockets) socket.destroy();
      for (const server of [proxy, tls]) {
        server.closeAllConnections();
        server.close();
      }
      certificate.remove();
    },
  };
};
