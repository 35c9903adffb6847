import type { Now } from '../../clock.ts';
import { keyObjectOf } from '../client-keys.ts';
import type { ClientJwk } from '../client-keys.ts';
import type { ClientCertificate } from '../client-certificate.ts';
import type { Client } from '../client.ts';

/** A client id, and the certificate of the connection. @see RFC 8705 §2 */
export type TlsCredentials = {
  readonly method: 'tls_client_auth' | 'self_signed_tls_client_auth';
  readonly clientId: string;
  readonly certificate: ClientCertificate;
};

/**
 * Whether a certificate proves the client: one that an authority of the operator issued to the subject that the client
 * registered (RFC 8705 §2.1), or one with a key that the client registered or publishes (§2.2).
 */
export const verifyTls = (
  client: Client | undefined,
  { method, certificate }: TlsCredentials,
  { now: { nowMs }, keys }: { readonly now: Now; readonly keys: readonly ClientJwk[] },
): 'certificate' | undefined => {
  if (client === undefined || client.policy.clientAuthentication !== method) return undefined;
  const isProved =
    method === 'tls_client_auth'
      ? certificate.isIssued(nowMs) && isSubject(certificate, client.policy.tlsClientSubject ?? '')
      : keys.some((jwk) => isKeyOf(jwk, certificate));
  return isProved ? 'certificate' : undefined;
};

/** Whether a certificate has the key of a JWK. */
export const isKeyOf = (jwk: ClientJwk, { x509 }: ClientCertificate): boolean =>
  keyObjectOf(jwk).equals(x509.publicKey);

/** What names of a certificate are called in `tlsClientSubject`, and in Node's text of them. */
const NAMES = { dns: 'DNS', uri: 'URI', ip: 'IP Address', email: 'email' } as const;

const isSubject = ({ x509 }: ClientCertificate, wanted: string): boolean => {
  const colon = wanted.indexOf(':');
  const kind = wanted.slice(0, colon);
  const name = wanted.slice(colon + 1);
  if (kind === 'dn') return isSameName(x509.subject, name);
  const label = Object.entries(NAMES).find(([one]) => one === kind)?.[1];
  // A name with a comma is in quotes there, so no part of it is taken for another.
  const names = (x509.subjectAltName ?? '').split(', ');
  return label !== undefined && names.includes(`${label}:${name}`);
};

/** Compares the lines of a subject with its text by RFC 4514, whose parts are in the opposite order. */
const isSameName = (lines: string, text: string): boolean => {
  const parts = text.split(/(?<!\\),/).map((part) => part.trim().replace(/\\(.)/g, '$1'));
  return parts.toReversed().join('\n') === lines;
};
