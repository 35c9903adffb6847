import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createSelfSigned } from './self-signed.ts';

void test('a self-signed certificate is for its hosts and its key, from a day before to a year after', () => {
  const now = 1_750_000_000_000;
  const { key, cert } = createSelfSigned(['localhost', '127.0.0.1'], now);
  const certificate = new X509Certificate(cert);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.match(key, /BEGIN PRIVATE KEY/);
  assert.equal(certificate.checkHost('localhost'), 'localhost');
  assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(certificate.checkHost('other.example'), undefined);
  assert.equal(Date.parse(certificate.validFrom), now - 86_400_000);
  assert.equal(Date.parse(certificate.validTo), now + 365 * 86_400_000);
});

void test('a client that trusts it reaches a server with it', async () => {
  const tls = createSelfSigned(['localhost'], Date.now());
  const server = createServer(tls, (_, response) => response.end('there')).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const request = get({ host: 'localhost', port, ca: tls.cert, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.equal((await response.toArray()).join(''), 'there');
  server.close();
});
