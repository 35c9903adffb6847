import { DatabaseError } from 'pg';

/** Why a server and a node do not agree about TLS. */
export type TlsFailure = { readonly code: string; readonly what: string; readonly remedy: string };

/** The answer of a server, or of a proxy in front of it, to a plain connection that it accepts encrypted only. */
const TLS_REQUIRED =
  /no encryption|SSL off|insecure|(?:SSL|TLS|encrypt|secure).* required|requires? (?:SSL|TLS|encrypt)/i;
const CERTIFICATE_REQUIRED = /client certificate/i;
/** The driver has no code for it. */
const TLS_UNKNOWN = 'The server does not support SSL connections';
/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE_CODES =
  /^(?:ERR_TLS_CERT_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|HOSTNAME_MISMATCH|INVALID_CA)/;

/** What is wrong with TLS between a node and its database; `undefined` if something else is. */
export const tlsFailureOf = (error: unknown): TlsFailure | undefined => {
  if (error instanceof DatabaseError) return error.severity === 'ERROR' ? undefined : ofAnswer(error.message);
  if (!(error instanceof Error)) return undefined;
  if (error.message === TLS_UNKNOWN)
    return {
      code: 'store_tls_unavailable',
      what: 'the database does not offer TLS',
      remedy:
        'Turn on ssl in postgresql.conf, or, where nobody else can read the network, use sslmode=disable in KEYFOB_STORE.',
    };
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || !CERTIFICATE_CODES.test(code)) return undefined;
  return {
    code: 'store_certificate_refused',
    what: `the certificate of the database is not trusted (${code})`,
    remedy:
      'Name the file of the authority that signed it by sslrootcert in KEYFOB_STORE, and the host as the certificate names it.',
  };
};

const ofAnswer = (message: string): TlsFailure | undefined => {
  if (CERTIFICATE_REQUIRED.test(message))
    return {
      code: 'store_client_certificate_missing',
      what: 'the database wants a certificate of this client',
      remedy: 'Name its files by sslcert and sslkey in KEYFOB_STORE.',
    };
  if (!TLS_REQUIRED.test(message)) return undefined;
  return {
    code: 'store_tls_required',
    what: 'the database accepts no plain connection of this user from here',
    remedy: 'Add sslmode=verify-full to KEYFOB_STORE, or allow plain connections in pg_hba.conf.',
  };
};
