import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';

/** The suites of TLS 1.2 that a server may accept (RFC 9325 §4.2). */
const RECOMMENDED = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
];

/** What a handshake comes to: the version, or the reason of the alert. */
const shakeHands = async (url: string, options: ConnectionOptions): Promise<string | null | undefined> => {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...options });
  try {
    await once(socket, 'secureConnect');
    return socket.getProtocol();
  } catch (error) {
    return (error as { reason?: string }).reason;
  } finally {
    socket.destroy();
  }
};

/** The checks of the suite on a listener. */
export const checkTls = async (url: string): Promise<void> => {
  const only = (version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2', ciphers: string) =>
    shakeHands(url, { minVersion: version, maxVersion: version, ciphers: `${ciphers}:@SECLEVEL=0` });
  const others = ['ALL', 'COMPLEMENTOFALL', ...RECOMMENDED.map((name) => `!${name}`)].join(':');
  assert.equal(await shakeHands(url, {}), 'TLSv1.3');
  assert.equal(await only('TLSv1.2', RECOMMENDED.join(':')), 'TLSv1.2');
  assert.match(String(await only('TLSv1.2', others)), /handshake failure/);
  for (const old of ['TLSv1', 'TLSv1.1'] as const)
    assert.match(String(await only(old, 'ALL')), /protocol version/);
};
