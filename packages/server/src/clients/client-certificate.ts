import { hash, X509Certificate } from 'node:crypto';
import type { Millis } from '../clock.ts';

/** The certificate of a client, whose key the client has shown in a TLS handshake. */
export type ClientCertificate = {
  /** SHA-256 of its DER, in 43 characters of base64url (`x5t#S256`, RFC 8705 §3.1). */
  readonly thumbprint: string;
  readonly x509: X509Certificate;
  /** Whether one of the operator's authorities issued it for clients, and both are in force now. */
  isIssued(nowMs: Millis): boolean;
};

/** For the authentication of clients (RFC 5280 §4.2.1.12). */
const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';

/** A certificate from its DER or PEM; `undefined` for what is none. */
export const readCertificate = (
  encoded: Buffer | string,
  authorities: readonly X509Certificate[],
): ClientCertificate | undefined => {
  try {
    const x509 = new X509Certificate(encoded);
    const usages = x509.keyUsage as readonly string[] | undefined;
    const isForClients = usages === undefined || usages.includes(CLIENT_AUTHENTICATION);
    const issuer = isForClients ? authorities.find((one) => isIssuedBy(x509, one)) : undefined;
    return {
      x509,
      thumbprint: hash('sha256', x509.raw, 'base64url'),
      isIssued: (nowMs) => issuer !== undefined && isInForce(x509, nowMs) && isInForce(issuer, nowMs),
    };
  } catch {
    return undefined;
  }
};

/** By the authority itself: an operator lists every authority that issues to clients, those in between included. */
const isIssuedBy = (x509: X509Certificate, authority: X509Certificate): boolean =>
  authority.ca && x509.checkIssued(authority) && x509.verify(authority.publicKey);

const isInForce = ({ validFrom, validTo }: X509Certificate, nowMs: Millis): boolean =>
  Date.parse(validFrom) <= nowMs && nowMs < Date.parse(validTo);
