import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { Millis } from '../../exports/grants.ts';

/** A value of ASN.1 in DER: its tag, its length and its content. @see ITU-T X.690 §8.1 */
const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.from(content.length.toString(16).padStart(4, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x82]), length, content]);
};

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));

const RSA_WITH_SHA256 = sequence(oid('2a864886f70d01010b'), der(0x05));
const COMMON_NAME = oid('550403');
const SUBJECT_ALT_NAME = oid('551d11');

const nameOf = (commonName: string): Buffer =>
  sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(commonName)))));

/** `GeneralizedTime`, which has every year. */
const timeOf = (atMs: Millis): Buffer =>
  der(0x18, Buffer.from(`${new Date(atMs).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`));

const altNameOf = (host: string): Buffer =>
  isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host, 'latin1'));

const DAY_MS: Millis = 86_400_000;

/**
 * A new RSA key, which every program knows, and a certificate that it signs itself, both in PEM, for a year and for these hosts:
 * names or IPv4 addresses. For demos: nobody has a reason to trust it.
 *
 * @see RFC 5280 §4.1
 */
export const createSelfSigned = (
  hosts: readonly string[],
  nowMs: Millis,
): { readonly key: string; readonly cert: string } => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const subject = nameOf(hosts[0] ?? 'localhost');
  const altNames = sequence(SUBJECT_ALT_NAME, der(0x04, sequence(...hosts.map(altNameOf))));
  const certificate = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    RSA_WITH_SHA256,
    subject,
    sequence(timeOf(nowMs - DAY_MS), timeOf(nowMs + 365 * DAY_MS)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(altNames)),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', certificate, privateKey));
  const signed = sequence(certificate, RSA_WITH_SHA256, signature).toString('base64');
  const lines = signed.replaceAll(/.{64}/g, '$&\n').trimEnd();
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
};
